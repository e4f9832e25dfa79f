// A client for a Communicado gateway, for browsers and Node: people and their changes.
//
// It uses fetch, because EventSource cannot send a token or report heartbeats.
// client.js and client.d.ts are generated from client.ts.
/** Milliseconds of silence until a connection is lost; heartbeats come every 25 s. */
export const SILENCE = 60_000;
const RETRY_MAX = 30_000;
/** Connects to a gateway, until `close`. */
export const connect = (options) => new Feed(options);
export class FeedEvent extends Event {
	detail;
	constructor(type, detail) {
		super(type);
		this.detail = detail;
	}
}
/** The people, kept up to date. */
export class Feed extends EventTarget {
	state = "connecting";
	/** The reason of the end: `refused`, `closed`, or the gateway's. */
	reason;
	/** The time of the last frame, in milliseconds since 1970; 0 for never. */
	heard = 0;
	#people = new Map();
	#known = false;
	#last;
	#retry = 3000;
	#stop = new AbortController();
	#wake = () => { };
	#options;
	constructor(options = {}) {
		super();
		this.#options = options;
		const { saved, start = (inside) => inside.stream() } = options;
		if (saved) {
			this.heard = saved.heard;
			this.#people = new Map(saved.people.map((person) => [person.id, person]));
		}
		globalThis.addEventListener?.("online", () => this.#wake(), this.#stop);
		start({
			take: (frame) => this.#take(frame),
			become: (state, reason) => this.#become(state, reason),
			stream: (notify = () => { }) => this.#run(notify),
			last: () => this.#last,
		});
	}
	/** All people, by name. */
	people() {
		const by = (a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
		return [...this.#people.values()].sort(by);
	}
	person(id) {
		return this.#people.get(id);
	}
	/** The age of the data in milliseconds: 0 while live. */
	age() {
		const age = Date.now() - this.heard;
		return this.state === "live" && age < SILENCE ? 0 : age;
	}
	setManual(id, manual) {
		return this.#send("PUT", id, JSON.stringify(manual));
	}
	clearManual(id) {
		return this.#send("DELETE", id);
	}
	close() {
		this.#become("ended", "closed");
	}
	/** All people, then every change; a slow reader gets the latest of each person. */
	async *[Symbol.asyncIterator]() {
		const waiting = new Map();
		for (const person of this.people())
			waiting.set(person.id, { id: person.id, person });
		const done = new AbortController();
		let wake = () => { };
		const listen = (event) => {
			const change = event.detail;
			const { before } = waiting.get(change.id) ?? change;
			waiting.set(change.id, { ...change, before });
			wake();
		};
		this.addEventListener("change", listen, done);
		this.addEventListener("state", () => wake(), done);
		try {
			for (;;) {
				for (const [id, change] of waiting) {
					waiting.delete(id);
					yield change;
				}
				if (this.state === "ended")
					return;
				if (!waiting.size)
					await new Promise((resolve) => (wake = resolve));
			}
		}
		finally {
			done.abort();
		}
	}
	#take({ event, id, data }) {
		this.heard = Date.now();
		if (event === "snapshot") {
			const gone = new Set(this.#people.keys());
			for (const person of data.people) {
				gone.delete(person.id);
				this.#put(person.id, person);
			}
			for (const id of gone)
				this.#put(id, null);
			this.#known = true;
			this.dispatchEvent(new FeedEvent("snapshot", { missed: !!data.missed }));
		}
		if (event === "change") {
			const { before, ...person } = data;
			this.#put(person.id, person);
		}
		if (event === "gone")
			this.#put(data.id, null);
		if (event === "retry")
			this.#retry = data;
		if (event === "end" && data.reason !== "stopping")
			this.#become("ended", data.reason);
		this.#last = id ?? this.#last;
		if (this.#known)
			this.#become("live");
	}
	#put(id, person) {
		const before = this.#people.get(id);
		if (person)
			this.#people.set(id, person);
		else
			this.#people.delete(id);
		// A snapshot repeats known people.
		if (JSON.stringify(before) === JSON.stringify(person ?? undefined))
			return;
		this.dispatchEvent(new FeedEvent("change", { id, person, before }));
	}
	#become(state, reason) {
		if (this.state === state || this.state === "ended")
			return;
		this.state = state;
		this.reason = reason;
		if (state === "ended") {
			this.#stop.abort();
			this.#wake();
		}
		this.dispatchEvent(new FeedEvent("state", state));
	}
	#url(path) {
		const base = new URL(this.#options.url ?? ".", import.meta.url).href;
		return new URL(path, base.replace(/\/?$/, "/"));
	}
	#headers(headers) {
		const { token } = this.#options;
		return token ? { ...headers, authorization: `Bearer ${token}` } : headers;
	}
	async #send(method, id, body) {
		const url = this.#url(`v1/people/${encodeURIComponent(id)}/manual`);
		const headers = this.#headers({ "content-type": "application/json", "communicado-csrf": "1" });
		const answer = await fetch(url, { method, headers, body });
		if (!answer.ok)
			throw await refusal(answer);
	}
	async #run(notify) {
		const { signal } = this.#stop;
		for (let tries = 0; !signal.aborted;) {
			let wait = 0;
			try {
				wait = await this.#stream((frame) => {
					tries = 0;
					notify(frame);
				});
			}
			catch {
				// The connection broke.
			}
			this.#become("lost");
			notify();
			if (signal.aborted)
				return;
			// Jitter: the readers of a restarted gateway should not reconnect all at once.
			wait ||= Math.min(RETRY_MAX, this.#retry * 2 ** tries++) * (0.5 + Math.random() / 2);
			await new Promise((resolve) => {
				const timer = setTimeout(resolve, wait);
				this.#wake = () => (clearTimeout(timer), resolve());
			});
		}
	}
	/** Streams until the connection ends; returns the gateway's `Retry-After` in milliseconds. */
	async #stream(notify) {
		const url = this.#url("v1/events");
		for (const key of ["person", "group"]) {
			const these = [this.#options[key] ?? []].flat();
			if (these.length)
				url.searchParams.set(key, these.join());
		}
		const headers = this.#headers({ accept: "text/event-stream" });
		if (this.#last)
			headers["last-event-id"] = this.#last;
		const cut = new AbortController();
		const stop = () => cut.abort();
		this.#stop.signal.addEventListener("abort", stop, cut);
		let silence = setTimeout(stop, SILENCE);
		try {
			const answer = await fetch(url, { headers, signal: cut.signal, cache: "no-store" });
			if (answer.status === 401 || answer.status === 403)
				this.#become("ended", "refused");
			if (!answer.ok || !answer.body)
				return 1000 * Number(answer.headers.get("retry-after"));
			for await (const frame of frames(answer.body)) {
				clearTimeout(silence);
				silence = setTimeout(stop, SILENCE);
				this.#take(frame);
				notify(frame);
				if (cut.signal.aborted)
					break;
			}
			return 0;
		}
		finally {
			clearTimeout(silence);
			stop();
		}
	}
}
/** The error in a response, with the gateway's help. */
export async function refusal(answer) {
	const { title, detail = title, help } = await answer.json().catch(() => ({}));
	return new Error([detail ?? `The gateway responded with status ${answer.status}.`, help].filter(Boolean).join(" "));
}
/** The frames of an event stream, with its comments. */
async function* frames(body) {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	let rest = "";
	let data = [];
	let frame = {};
	for (;;) {
		const { done, value } = await reader.read();
		if (done)
			return;
		const text = decoder.decode(value, { stream: true });
		rest += text;
		// A long line comes in many pieces, which are split once.
		if (!/[\r\n]/.test(text))
			continue;
		const lines = rest.split(/\r\n|\n|\r(?=[^])/);
		rest = lines.pop() ?? "";
		for (const line of lines) {
			const [, key, value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
			if (key === "data")
				data.push(value);
			else if (key === "id")
				frame.id = value;
			else if (key === "event")
				frame.event = value;
			else if (key === "retry")
				yield { event: "retry", data: Number(value) || 3000 };
			else if (line)
				yield {};
			else {
				if (data.length)
					yield { ...frame, data: JSON.parse(data.join("\n")) };
				data = [];
				frame = {};
			}
		}
	}
}
