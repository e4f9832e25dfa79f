export type Status = "absent" | "starting" | "signed-out" | "signing-in" | "signed-in" | "signing-out" | "shutting-down" | "unknown";
export type Availability = "available" | "idle" | "busy" | "be-right-back" | "away" | "do-not-disturb" | "invisible" | "other";
/** One person. Which of the optional keys there are depends on what the reader may see. */
export type Person = {
	v: number;
	id: string;
	name: string;
	groups: string[];
	revision: number;
	at: string;
	/** Null if it cannot be told. */
	in: boolean | null;
	since: string;
	note: string | null;
	returns: string | null;
	status?: Status;
	availability?: Availability | null;
	activity?: string | null;
	reason?: string | null;
	/** Whether the person said so, and not a device. */
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
/** What a person says of himself; it wins over the devices until it ends. */
export type Manual = {
	status: "signed-in" | "signed-out";
	availability?: Availability | null;
	activity?: string | null;
	note?: string | null;
	returns?: string | null;
	for_ms?: number | null;
};
/** `person` is null for one who is gone, `before` is not there for one who is new. */
export type Change = {
	id: string;
	person: Person | null;
	before?: Person;
};
/**
 * `lost`: what is shown is as old as `age` says, and it tries again. `ended`: it does not.
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
/** A frame of the stream, its data decoded; without an event it is a heartbeat. */
export type Frame = {
	event?: string;
	id?: string;
	data?: any;
};
/** The way into a feed for who brings its frames. */
export type Inside = {
	take(frame: Frame): void;
	become(state: State, reason?: string): void;
	/** Streams until the feed ends. `told` gets every frame, and nothing when the state changed. */
	stream(told?: (frame?: Frame) => void): Promise<void>;
	last(): string | undefined;
};
export type Options = {
	/** The gateway; without it, the one that this file came from. */
	url?: string | URL;
	/** Without it, the session's cookie. */
	token?: string;
	person?: string | string[];
	group?: string | string[];
	/** Shown until the gateway has answered. */
	saved?: {
		people: Person[];
		heard: number;
	};
	/** Who brings the frames, as in tabs.js; without it, a stream of its own. */
	start?: (inside: Inside) => void;
};
/** A gateway speaks every 25 s; after so many milliseconds of silence it is lost. */
export declare const SILENCE = 60000;
/** Reads who is in, until it is closed. */
export declare const connect: (options?: Options) => Feed;
export declare class FeedEvent<T> extends Event {
	readonly detail: T;
	constructor(type: string, detail: T);
}
/** Everybody, kept up to date. */
export declare class Feed extends EventTarget {
	#private;
	state: State;
	/** Why it ended: `refused`, `closed`, or the gateway's word. */
	reason?: string;
	/** When the gateway was last heard, in milliseconds since 1970; 0 for never. */
	heard: number;
	addEventListener: Listen;
	constructor(options?: Options);
	/** Everybody, by name. */
	people(): Person[];
	person(id: string): Person | undefined;
	/** How old what it shows is, in milliseconds: 0 while it is live. */
	age(): number;
	setManual(id: string, manual: Manual): Promise<void>;
	clearManual(id: string): Promise<void>;
	close(): void;
	/** Everybody, then every change; a slow reader gets the latest of each person. */
	[Symbol.asyncIterator](): AsyncGenerator<Change, void, void>;
}
/** What was refused, and what to do. */
export declare function refusal(answer: Response): Promise<Error>;
export {};
