// Keeps the board's own files, so that it opens without network; never what the gateway says of
// people, which the page keeps itself and forgets when its reader signs out.

const CACHE = "communicado-board-1";
const FILES = [
  "./", "board.css", "board.js", "client.js", "icon.svg", "lobby.js", "manifest.webmanifest",
  "own.js", "table.js", "tabs.js", "words.js",
];
/** After so many milliseconds the network is as good as none. */
const PATIENCE = 4000;

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  worker.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const old = (/** @type {string[]} */ names) => names.filter((name) => name !== CACHE);
  const clear = caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name))));
  event.waitUntil(clear.then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  url.search = "";
  const ours = FILES.some((file) => new URL(file, worker.registration.scope).href === url.href);
  if (event.request.method === "GET" && ours) event.respondWith(answer(event.request, url.href));
});

/** From the network, which has the newest, or else what was kept. @param {Request} request @param {string} key */
async function answer(request, key) {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (fresh.ok) await cache.put(key, fresh.clone());
    return fresh;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  }
}
