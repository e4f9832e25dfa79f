export type Status = "absent" | "starting" | "signed-out" | "signing-in" | "signed-in" | "signing-out" | "shutting-down" | "unknown";
export type Availability = "available" | "idle" | "busy" | "be-right-back" | "away" | "do-not-disturb" | "invisible" | "other";
/** A person. The optional keys depend on the reader's view. */
export type Person = {
	v: number;
	id: string;
	name: string;
	groups: string[];
	revision: number;
	at: string;
	/** Null if unknown. */
	in: boolean | null;
	since: string;
	note: string | null;
	returns: string | null;
	status?: Status;
	availability?: Availability | null;
	activity?: string | null;
	reason?: string | null;
	/** True if the person set the status, instead of a device. */
	manual?: boolean;
	/** Only for the person and for administrators. */
	devices?: Device[];
};
export type Device = {
	device: string;
	status: Status;
	availability: Availability | null;
	activity: string | null;
	reason: string | null;
	since: string;
	seen: string;
	lease_until: string;
	clients: {
		client: string;
		status: Status;
		availability: Availability | null;
	}[];
};
/** A manual status, which overrides the devices until it ends. */
export type Manual = {
	status: "signed-in" | "signed-out";
	availability?: Availability | null;
	activity?: string | null;
	note?: string | null;
	returns?: string | null;
	for_ms?: number | null;
};
/** `person` is null if removed, `before` is missing if new. */
export type Change = {
	id: string;
	person: Person | null;
	before?: Person;
};
/**
 * `lost`: the data is as old as `age`, and the feed reconnects. `ended`: it does not reconnect.
 */
export type State = "connecting" | "live" | "lost" | "ended";
export type Events = {
	change: Change;
	snapshot: {
		missed: boolean;
	};
	state: State;
};
type Listen = (<K extends keyof Events>(type: K, listener: (event: FeedEvent<Events[K]>) => void, options?: AddEventListenerOptions) => void) & EventTarget["addEventListener"];
/** A frame of the stream with decoded data; without an event, a heartbeat. */
export type Frame = {
	event?: string;
	id?: string;
	data?: any;
};
/** The interface of a feed for a custom transport. */
export type Inside = {
	take(frame: Frame): void;
	become(state: State, reason?: string): void;
	/** Streams until the feed ends. Calls `notify` with every frame, and without one when lost. */
	stream(notify?: (frame?: Frame) => void): Promise<void>;
	last(): string | undefined;
};
export type Options = {
	/** The gateway's URL. Default: the gateway that serves this file. */
	url?: string | URL;
	/** The access token. Default: the session's cookie. */
	token?: string;
	person?: string | string[];
	group?: string | string[];
	/** The people until the first snapshot. */
	saved?: {
		people: Person[];
		heard: number;
	};
	/** A custom transport, as in tabs.js. Default: a separate stream. */
	start?: (inside: Inside) => void;
};
/** Milliseconds of silence until a connection is lost; heartbeats come every 25 s. */
export declare const SILENCE = 60000;
/** Connects to a gateway, until `close`. */
export declare const connect: (options?: Options) => Feed;
export declare class FeedEvent<T> extends Event {
	readonly detail: T;
	constructor(type: string, detail: T);
}
/** The people, kept up to date. */
export declare class Feed extends EventTarget {
	#private;
	state: State;
	/** The reason of the end: `refused`, `closed`, or the gateway's. */
	reason?: string;
	/** The time of the last frame, in milliseconds since 1970; 0 for never. */
	heard: number;
	addEventListener: Listen;
	constructor(options?: Options);
	/** All people, by name. */
	people(): Person[];
	person(id: string): Person | undefined;
	/** The age of the data in milliseconds: 0 while live. */
	age(): number;
	setManual(id: string, manual: Manual): Promise<void>;
	clearManual(id: string): Promise<void>;
	close(): void;
	/** All people, then every change; a slow reader gets the latest of each person. */
	[Symbol.asyncIterator](): AsyncGenerator<Change, void, void>;
}
/** The error in a response, with the gateway's help. */
export declare function refusal(answer: Response): Promise<Error>;
export {};
