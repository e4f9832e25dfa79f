// One connection for all tabs of a browser that show the same: over HTTP/1.1 a browser opens six to
// one origin, and a seventh tab would wait for ever. One tab holds a lock and streams; it tells the
// others what it hears. When it is closed, the next one takes the lock and goes on where it was.

import { SILENCE, connect } from "./client.js";

/** Tabs that give the same `name` must give the same options, and be the same reader.
 * @param {string} name @param {import("./client.js").Options} [options] */
export function connectOnce(name, options) {
  // Browsers lend locks to pages over TLS or from this machine only.
  if (!navigator.locks) return connect(options);
  const channel = new BroadcastChannel(name);
  let leads = false;
  let silence = setTimeout(() => {});
  /** @param {import("./client.js").Inside} inside */
  const start = (inside) => {
    const tell = (/** @type {import("./client.js").Frame|undefined} */ frame) => {
      if (!leads) return;
      const { state, reason } = feed;
      // What is closed here may go on elsewhere.
      if (reason !== "closed") channel.postMessage({ state, reason, frame });
    };
    // A tab that the browser has put to sleep keeps the lock, and says nothing.
    const wait = () => {
      clearTimeout(silence);
      silence = setTimeout(() => lead({ steal: true }), SILENCE * (1 + Math.random()));
    };
    const lead = (/** @type {LockOptions} */ how) =>
      navigator.locks.request(name, how, () => {
        clearTimeout(silence);
        leads = true;
        return inside.stream(tell);
      }).catch(() => {
        // Another tab took the lock, since this one said nothing.
        leads = false;
      });
    channel.onmessage = ({ data: { asks, state, reason, frame } }) => {
      const known = inside.last() !== undefined;
      if (asks) {
        if (leads && known) tell({ event: "snapshot", id: inside.last(), data: { people: feed.people() } });
        return;
      }
      if (leads) return;
      wait();
      if (state === "ended" || state === "lost") inside.become(state, reason);
      else if (frame?.event === "snapshot") inside.take(frame);
      // What a sleeper has kept back is old when it wakes.
      else if (frame && known && !(Number(frame.id) <= Number(inside.last()))) inside.take(frame);
    };
    channel.postMessage({ asks: true });
    wait();
    lead({});
  };
  const feed = connect({ ...options, start });
  return feed;
}
