// The service worker keeps the shell and what it loads, so that the page opens without a network: these addresses and no others.
// Pages with people on them, and what the scripts send and ask for, pass by it untouched. The server puts the list and its edition
// before this text.
"use strict";
const store = "zhucan-" + edition;

self.addEventListener("install", (event) => {
  // the pages without cookies, since what is kept is the same for everybody; what the page has just loaded under a name with a hash is not loaded again
  const requests = kept.map((at) => at.startsWith("/assets/") ? at : new Request(at, { cache: "reload", credentials: "omit" }));
  event.waitUntil(caches.open(store).then((cache) => cache.addAll(requests)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name.startsWith("zhucan-") && name !== store).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || !kept.includes(url.pathname + url.search)) return;
  event.respondWith(caches.match(url.pathname + url.search, { cacheName: store }).then((found) => found || fetch(event.request)));
});
