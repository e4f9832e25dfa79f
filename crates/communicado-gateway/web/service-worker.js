// Caches the board's files, so that it opens without network. The page itself caches the people, and
// deletes them at sign-out.

const CACHE = "communicado-board-2";
const FILES = [
  "./", "admin.js", "board.css", "board.js", "client.js", "icon.svg", "lobby.js", "logo", "manifest.webmanifest",
  "own.js", "pair.js", "privacy.js", "table.js", "tabs.js", "texts.js", "words.js",
];
/** The timeout of the network in milliseconds. */
const TIMEOUT = 4000;

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

/** The response from the network, else from the cache. @param {Request} request @param {string} key */
async function answer(request, key) {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(TIMEOUT) });
    if (fresh.ok) await cache.put(key, fresh.clone());
    return fresh;
  } catch (error) {
    const cached = await cache.match(key);
    if (cached) return cached;
    throw error;
  }
}
