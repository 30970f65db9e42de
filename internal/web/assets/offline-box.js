// The box: what a phone keeps while there is no network, in IndexedDB, sealed with AES-GCM.
//
// A data key seals everything. It lies in the box twice, wrapped under a key made from the PIN (PBKDF2) and under a secret that the
// server tells right after a sign-in. Ten wrong PINs remove the first wrap. In memory the data key cannot be read out, and it is
// gone when the page is. In clear lie only: ids, the times of entries, whose box it is.
"use strict";
const box = (() => {
  const rounds = 600000, most = 10;
  const stores = { vaults: "id", items: "id", photos: ["item", "n"], files: "vault" };
  const utf8 = new TextEncoder(), random = (n) => crypto.getRandomValues(new Uint8Array(n));
  let open = null, key = null, vault = null;

  const db = () => open ||= new Promise((done, fail) => {
    const asked = indexedDB.open("zhucan-offline", 1);
    asked.onupgradeneeded = () => { for (const [name, keyPath] of Object.entries(stores)) asked.result.createObjectStore(name, { keyPath }); };
    asked.onsuccess = () => { asked.result.onversionchange = () => asked.result.close(); done(asked.result); };
    asked.onerror = () => { open = null; fail(asked.error); };
  });

  // run is one transaction: all of it is on the disk when the promise is kept, or nothing is. What fn returns may be a request.
  const run = async (names, fn, write) => {
    const base = await db();
    return new Promise((done, fail) => {
      const tx = write ? base.transaction(names, "readwrite", { durability: "strict" }) : base.transaction(names);
      let result;
      tx.oncomplete = () => done(result instanceof IDBRequest ? result.result : result);
      tx.onabort = () => fail(tx.error || new DOMException("", "AbortError"));
      try {
        result = fn(...names.map((name) => tx.objectStore(name)));
      } catch (wrong) {
        tx.abort();
        fail(wrong);
      }
    });
  };
  const write = (names, fn) => run(names, fn, true);
  const ofItem = (id) => IDBKeyRange.bound([id], [id, []]);

  // seal and unseal bind a value to its place: moved elsewhere in the box it does not open.
  const seal = async (place, bytes) => {
    const iv = random(12);
    return { iv, sealed: new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(vault.id + "|" + place) }, key, bytes)) };
  };
  const unseal = async (place, { iv, sealed }) => new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(vault.id + "|" + place) }, key, sealed));
  const sealJSON = (place, value) => seal(place, utf8.encode(JSON.stringify(value)));
  const unsealJSON = async (place, value) => JSON.parse(new TextDecoder().decode(await unseal(place, value)));

  const wrapping = { name: "AES-GCM", length: 256 }, uses = ["wrapKey", "unwrapKey"];
  const fromPIN = async (pin, salt, iterations) => crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations },
    await crypto.subtle.importKey("raw", utf8.encode(pin.normalize("NFKC")), "PBKDF2", false, ["deriveKey"]), wrapping, false, uses);
  const fromSecret = (secret) => crypto.subtle.importKey("raw", Uint8Array.from(atob(secret), (c) => c.charCodeAt(0)), wrapping, false, uses);
  const wrap = async (data, under) => {
    const iv = random(12);
    return { iv, key: new Uint8Array(await crypto.subtle.wrapKey("raw", data, under, { name: "AES-GCM", iv })) };
  };
  // unwrap throws where the wrong key is tried. Only a key that will be wrapped again can be read out.
  const unwrap = (kept, under, extractable) => crypto.subtle.unwrapKey("raw", kept.key, under, { name: "AES-GCM", iv: kept.iv }, wrapping, extractable, ["encrypt", "decrypt"]);
  const underPIN = async (data, pin) => {
    const salt = random(16);
    return { salt, rounds, ...await wrap(data, await fromPIN(pin, salt, rounds)) };
  };

  return {
    most,
    vault: () => vault,
    isOpen: () => key !== null,
    vaults: () => run(["vaults"], (v) => v.getAll()),

    // make makes the box of a user on this phone and opens it.
    make: async (user, phone, secret, pin) => {
      const data = await crypto.subtle.generateKey(wrapping, true, ["encrypt", "decrypt"]), under = await fromSecret(secret);
      const made = { id: user.id, user: user.username, phone, tries: 0, pin: await underPIN(data, pin), login: await wrap(data, under) };
      await write(["vaults"], (v) => v.add(made));
      key = await unwrap(made.login, under, false);
      vault = made;
    },

    // unlock tries a PIN. A try is counted on the disk before it is made, so closing the page gives none back; the tenth takes
    // the wrap away first, and only the right PIN puts it back.
    unlock: async (id, pin) => {
      let kept = null;
      await write(["vaults"], (v) => {
        v.get(id).onsuccess = (event) => {
          const now = event.target.result;
          kept = now.pin && { ...now };
          if (!now.pin) return;
          now.tries++;
          if (now.tries >= most) now.pin = null;
          v.put(now);
        };
      });
      if (!kept) return { left: 0 };
      try {
        key = await unwrap(kept.pin, await fromPIN(pin, kept.pin.salt, kept.pin.rounds), false);
      } catch {
        return { left: Math.max(most - kept.tries - 1, 0) };
      }
      vault = { ...kept, tries: 0 };
      await write(["vaults"], (v) => v.put(vault));
      return { open: true };
    },

    // unlockWith opens with the secret that a fresh sign-in has brought, and sets another PIN where one is given. Without one nothing
    // is written, so it opens a phone that is full.
    unlockWith: async (id, secret, pin) => {
      const kept = await run(["vaults"], (v) => v.get(id)), under = await fromSecret(secret);
      key = await unwrap(kept.login, under, false);
      vault = kept;
      if (pin) {
        vault = { ...kept, tries: 0, pin: await underPIN(await unwrap(kept.login, under, true), pin) };
        await write(["vaults"], (v) => v.put(vault));
      }
    },
    lock: () => { key = vault = null; },
    // forget lets the box go with what was taken along, unless an entry is in it still; it says whether it has.
    forget: async () => {
      const { id } = vault;
      let gone = false;
      await write(["vaults", "items", "files"], (vaults, items, files) => {
        items.getAll().onsuccess = (event) => {
          if (event.target.result.some((row) => row.vault === id)) return;
          vaults.delete(id);
          files.delete(id);
          gone = true;
        };
      });
      if (gone) key = vault = null;
      return gone;
    },

    // keep writes an entry: new, changed, or with one more photo, all of it or nothing.
    keep: async (item, photo) => {
      const { id, at, draft, ...content } = item;
      const row = { id, at, draft, vault: vault.id, ...await sealJSON("item|" + id, content) };
      let picture = null;
      if (photo) {
        const head = utf8.encode(photo.field), n = Date.now() + Math.random();
        const bytes = new Uint8Array(1 + head.length + photo.bytes.length);
        bytes[0] = head.length;
        bytes.set(head, 1);
        bytes.set(photo.bytes, 1 + head.length);
        picture = { item: id, n, vault: vault.id, ...await seal("photo|" + id, bytes) };
      }
      await write(["items", "photos"], (items, photos) => {
        items.put(row);
        if (picture) photos.put(picture);
      });
    },
    // list is what is kept, the oldest first, without photos.
    list: async () => {
      const rows = (await run(["items"], (items) => items.getAll())).filter((row) => row.vault === vault.id).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
      return Promise.all(rows.map(async (row) => ({ id: row.id, at: row.at, draft: row.draft, ...await unsealJSON("item|" + row.id, row) })));
    },
    // get is one entry as it now is; null where it is gone.
    get: async (id) => {
      const row = await run(["items"], (items) => items.get(id));
      return row && row.vault === vault.id ? { id: row.id, at: row.at, draft: row.draft, ...await unsealJSON("item|" + id, row) } : null;
    },
    // photos are those of an entry, in the order in which they were taken.
    photos: async (id) => Promise.all((await run(["photos"], (_) => _.getAll(ofItem(id)))).map(async (row) => {
      const bytes = await unseal("photo|" + id, row), head = bytes[0];
      return { n: row.n, field: new TextDecoder().decode(bytes.subarray(1, 1 + head)), blob: new Blob([bytes.subarray(1 + head)], { type: "image/jpeg" }) };
    })),
    dropPhoto: (id, n) => write(["photos"], (photos) => photos.delete([id, n])),
    // drop lets an entry go, with its photos.
    drop: (id) => write(["items", "photos"], (items, photos) => {
      items.delete(id);
      photos.delete(ofItem(id));
    }),

    keepFiles: async (files) => {
      const row = { vault: vault.id, ...await sealJSON("files", files) };
      await write(["files"], (kept) => kept.put(row));
    },
    files: async () => {
      const row = await run(["files"], (kept) => kept.get(vault.id));
      return row ? unsealJSON("files", row) : null;
    },
  };
})();
