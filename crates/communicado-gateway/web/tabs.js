// One connection for all tabs that show the same people. Over HTTP/1.1 a browser opens only six to
// one origin. One tab holds a lock, streams, and forwards the frames to the other tabs. When it
// closes, the next tab takes the lock and resumes the stream.

import { SILENCE, connect } from "./client.js";

/** Connects. Tabs with the same `name` must have the same options and session.
 * @param {string} name @param {import("./client.js").Options} [options] */
export function connectOnce(name, options) {
  // Browsers offer locks only over TLS or on localhost.
  if (!navigator.locks) return connect(options);
  const channel = new BroadcastChannel(name);
  let leads = false;
  let silence = setTimeout(() => {});
  /** @param {import("./client.js").Inside} inside */
  const start = (inside) => {
    const forward = (/** @type {import("./client.js").Frame|undefined} */ frame) => {
      if (!leads) return;
      const { state, reason } = feed;
      // Other tabs may continue when this one closes.
      if (reason !== "closed") channel.postMessage({ state, reason, frame });
    };
    // A tab that the browser has frozen keeps the lock, but forwards nothing.
    const wait = () => {
      clearTimeout(silence);
      silence = setTimeout(() => lead({ steal: true }), SILENCE * (1 + Math.random()));
    };
    const lead = (/** @type {LockOptions} */ how) =>
      navigator.locks.request(name, how, () => {
        clearTimeout(silence);
        leads = true;
        return inside.stream(forward);
      }).catch(() => {
        // Another tab took the lock, because this one was silent.
        leads = false;
      });
    channel.onmessage = ({ data: { asks, state, reason, frame } }) => {
      const known = inside.last() !== undefined;
      if (asks) {
        if (leads && known) forward({ event: "snapshot", id: inside.last(), data: { people: feed.people() } });
        return;
      }
      if (leads) return;
      wait();
      if (state === "ended" || state === "lost") inside.become(state, reason);
      else if (frame?.event === "snapshot") inside.take(frame);
      // The frames that a frozen tab forwards later are old.
      else if (frame && known && !(Number(frame.id) <= Number(inside.last()))) inside.take(frame);
    };
    channel.postMessage({ asks: true });
    wait();
    lead({});
  };
  const feed = connect({ ...options, start });
  return feed;
}
