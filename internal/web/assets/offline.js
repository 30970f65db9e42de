// The page that works without a network: it shows what waits, takes entries, keeps them, and sends them. An entry leaves
// the phone only when the server has said that it is recorded; its id is the key by which the server does it once.
"use strict";
(() => {
  const texts = JSON.parse(document.body.dataset.texts);
  const say = (name, ...values) => values.reduce((text, value) => text.replace("{}", value), texts[name] || name);
  const language = document.documentElement.lang === "en" ? "?lang=en" : "";
  const minute = 60000, day = 24 * 60 * minute, insistAfter = 14 * day, lockAfter = 5 * minute, filesAge = 6 * 60 * minute;
  const $ = (id) => document.getElementById(id);

  // make builds an element; what is inside is text or elements, never markup.
  const make = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...inside.filter((part) => part !== null && part !== undefined && part !== false));
    return element;
  };
  const button = (text, press, look = "") => make("button", { type: "button", class: look, click: press }, text);
  const today = () => when(now()).slice(0, 10);
  const when = (at) => new Date(at + 8 * 60 * minute).toISOString().slice(0, 16).replace("T", " ");

  // Alerts stand above every view until what they say is over.
  const alerts = new Map();
  const alert = (name, ...inside) => {
    alerts.get(name)?.remove();
    alerts.delete(name);
    if (!inside.length) return;
    const box = make("div", { class: "errors", role: "alert", id: "alert-" + name }, ...inside.map((part) => typeof part === "string" ? make("p", {}, part) : part));
    alerts.set(name, box);
    $("alerts").append(box);
  };
  const noRoom = (wrong) => wrong?.name === "QuotaExceededError";
  const full = (wrong) => alert("kept", say(noRoom(wrong) ? "full" : "notkept"));

  // Clocks of phones go wrong, and days move money. The server says the time: it is not before that.
  let skew = 0, heard = 0;
  const now = () => Math.max(Date.now() + skew, heard);
  const tellClock = () => {
    const wrong = Math.abs(now() - Date.now()) > 10 * minute;
    if (!wrong) alert("clock");
    else if (!alerts.has("clock")) alert("clock", say("clock", when(Date.now()), when(now())));
  };

  // --- talking to the server

  let csrf = "";
  class Refused extends Error {
    constructor(status, told) {
      super(told.message || say("refused", status));
      Object.assign(this, { status, told: { message: this.message, ...told } });
    }
  }
  // call is one request. Only an answer in JSON that arrived whole counts; all else is no network. Bodies have time for 64 kbit/s.
  const call = async (path, body, key, size = 0) => {
    const headers = body ? { "X-CSRF": csrf } : {}, json = body && !(body instanceof FormData);
    if (json) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const response = await fetch("/offline/" + path + language, { method: body ? "POST" : "GET", headers, body: json ? JSON.stringify(body) : body,
      cache: "no-store", redirect: "error", signal: AbortSignal.timeout?.(key ? 2 * minute + Math.round(size / 8) : minute / 2) });
    if (response.ok) return response.json();
    throw new Refused(response.status, await response.json().catch(() => ({})));
  };
  const greet = async () => {
    const said = await call("hello");
    csrf = said.csrf;
    heard = Date.parse(said.now);
    skew = heard - Date.now();
    tellClock();
    return said;
  };
  const signIn = async (who) => {
    await greet();
    const said = await call("sign-in", who);
    csrf = said.csrf;
    return said;
  };

  // --- sending

  // An entry that is being edited is not sent, and one that is on its way is not edited.
  let items = [], files = null, begun = null, editing = "", flying = "", flush = null, drawn = "", sending = false, again = false, timer = 0, failures = 0, wants = "", acting = "";
  const waiting = () => items.filter((item) => !item.draft || item.kept);

  // sync sends what waits. It begins when the page opens or is looked at, when the network comes back, after each entry, and by
  // itself from time to time, the later the more often it has failed.
  const sync = async () => {
    if (!box.isOpen()) return;
    if (sending) { again = true; return; }
    sending = true;
    clearTimeout(timer);
    try {
      do {
        again = false;
        await (navigator.locks ? navigator.locks.request("zhucan-send", send) : send());
      } while (again);
      failures = 0;
      $("net").textContent = "";
    } catch (wrong) {
      failures++;
      $("net").textContent = wrong instanceof Refused ? wrong.message : say("offline");
    }
    sending = false;
    const wait = failures ? Math.min(15 * minute, 5000 * 2 ** (failures - 1)) * (0.75 + Math.random() / 2) : waiting().length ? minute : 10 * minute;
    timer = setTimeout(sync, wait);
    await refresh();
  };
  const send = async () => {
    const said = await greet();
    acting = said.acting || "";
    wants = !said.user ? "sign-in" : said.user.id !== box.vault().id ? "other" : acting ? "acting" : said.factor ? "factor" : "";
    if (wants) return;
    let sent = 0;
    for (const { id } of await box.list()) {
      const item = await box.get(id); // as it is now, not as it was when the first of them was sent
      if (!item || item.draft || item.told || item.id === editing) continue;
      flying = id;
      try {
        if (await sendOne(item)) sent++;
      } finally {
        flying = "";
      }
    }
    items = await box.list();
    const left = waiting();
    try {
      await call("contact", { phone: box.vault().phone, waiting: left.length, oldest: new Date(left.length ? left[0].at : Date.now()).toISOString() });
    } catch (wrong) {
      if (wrong.told?.code === "PHONE_WRITTEN_OFF" && await box.forget()) await locked(); // found again, and nothing is lost
      throw wrong;
    }
    if (sent || !files || Date.now() - files.kept > filesAge) {
      files = { ...await call("files"), kept: Date.now(), now: now() };
      await box.keepFiles(files);
    }
  };
  // sendOne sends an entry. From the first try on its content stays until the server has answered: it may have arrived.
  const sendOne = async (item) => {
    if (!item.tried) await box.keep(Object.assign(item, { tried: true })).catch((wrong) => { if (!noRoom(wrong)) throw wrong; }); // sending makes room
    const form = new FormData();
    form.append("kind", item.kind);
    for (const [name, value] of Object.entries(item.target)) form.append(name, value);
    for (const [name, values] of Object.entries(item.values)) for (const value of values) form.append(name, value);
    let size = 0;
    for (const photo of await box.photos(item.id)) {
      form.append(photo.field, photo.blob, "photo.jpg");
      size += photo.blob.size;
    }
    try {
      if (!(await call("items", form, item.id, size)).next) throw new TypeError("not the answer of the server");
    } catch (wrong) {
      if (!(wrong instanceof Refused) || [408, 429].includes(wrong.status) || wrong.status >= 500) throw wrong; // 408: it did not arrive whole
      if (wrong.told.code === "SECOND_FACTOR_NEEDED") wants = "factor";
      if (wrong.status === 401 || ["BAD_FORM_TOKEN", "SECOND_FACTOR_NEEDED"].includes(wrong.told.code)) {
        wants = wrong.status === 401 ? "sign-in" : wants;
        throw wrong;
      }
      const clash = wrong.told.conflict; // refused, so nothing is recorded, and it may be changed
      if (clash) Object.assign(item.target, clash.fresh);
      await box.keep(Object.assign(item, { tried: false, told: clash && !clash.fields.length ? undefined : wrong.told }));
      if (!item.told) again = true;
      return false;
    }
    await box.drop(item.id);
    return true;
  };

  // --- what is shown

  const refresh = async () => {
    if (!box.isOpen()) return;
    try {
      items = await box.list();
    } catch {
      return; // locked meanwhile
    }
    const text = say("waiting", waiting().length), oldest = waiting()[0], late = oldest && Date.now() - oldest.at > insistAfter;
    if ($("count").textContent !== text) $("count").textContent = text;
    if (!late) alert("insist");
    else if (!alerts.has("insist")) alert("insist", say("insist", when(oldest.at)), button(say("send"), sync, "main"));
    if (wants === "sign-in" && !alerts.has("sign")) {
      alert("sign", make("h2", {}, say("again")), signForm(box.vault().user, async (said) => {
        wants = said.user.id === box.vault().id ? "" : "other";
        alert("sign");
        await sync();
      }));
    }
    if (wants !== "sign-in") alert("sign");
    if (wants !== "other") alert("other");
    else if (!alerts.has("other")) alert("other", say("other", box.vault().user));
    if (wants !== "acting") alert("acting");
    else if (!alerts.has("acting")) alert("acting", say("acting", acting), make("p", {}, make("a", { href: "/act-for" }, say("endacting"))));
    if (wants !== "factor") alert("factor");
    else if (!alerts.has("factor")) alert("factor", say("factor"), factorLink());
    if (state() !== drawn && !editing && location.hash.length < 2) show();
  };
  const state = () => JSON.stringify([items, !!files]); // what the queue shows
  const view = (title, ...inside) => {
    drawn = "";
    $("title").textContent = title;
    $("view").replaceChildren(...inside.filter(Boolean));
    $("lock").hidden = !box.isOpen();
  };
  const go = (hash) => location.hash === hash ? show() : (location.hash = hash);

  // show draws what the address names; without the key there is only one thing to show.
  const show = async () => {
    if (flush) await flush();
    editing = "";
    flush = null;
    if (!box.isOpen()) return locked();
    const [what, id] = location.hash.slice(1).split("/"), item = items.find((one) => one.id === id) || (begun?.id === id && begun);
    if (what === "i" && item) return edit(item);
    if (what === "c" && item?.told?.conflict) return decide(item);
    if (what === "people") return people();
    queue();
  };

  // A form of a few fields that the scripts handle.
  const ask = (fields, submit, done) => {
    const problem = make("p", { class: "error", role: "alert" }), press = make("button", { class: "main" }, submit);
    const form = make("form", { novalidate: true, submit: async (event) => {
      event.preventDefault();
      if (press.disabled) return;
      press.disabled = true;
      problem.textContent = "";
      try {
        await done(Object.fromEntries(new FormData(form)));
      } catch (wrong) {
        problem.textContent = noRoom(wrong) ? say("nopinroom") : wrong instanceof TypeError ? say("offline") : wrong.message || wrong.name;
      }
      press.disabled = false;
    } }, ...fields.map(([name, label, kind, value]) => make("div", { class: "field" }, make("label", { for: "a-" + name }, label),
      make("input", { id: "a-" + name, name, value, type: kind === "password" ? kind : "text", class: kind,
        inputmode: kind === "pin" ? "numeric" : "", autocomplete: { password: "current-password", pin: "off", code: "one-time-code" }[kind] || "username" }))),
    problem, make("div", { class: "buttons" }, press));
    return form;
  };
  const signForm = (user, done) => ask([["username", say("username"), "text", user], ["password", say("password"), "password"], ["code", say("code"), "code"]], say("sign"),
    async (who) => done(await signIn(who)));
  const newPIN = (done) => ask([["pin", say("newpin"), "pin"], ["repeat", say("repeat"), "pin"]], say("set"), async ({ pin, repeat }) => {
    const steps = [...pin].slice(1).map((c, i) => c.codePointAt(0) - pin.codePointAt(i));
    if (pin.length < 6 || steps.every((step) => step === steps[0] && Math.abs(step) < 2)) throw new Error(say("weak"));
    if (pin !== repeat) throw new Error(say("differ"));
    await done(pin);
  });

  const opened = async () => {
    navigator.storage?.persist?.().catch(() => {});
    files = await box.files().catch(() => null);
    heard = Math.max(heard, files?.now || 0);
    tellClock();
    items = await box.list();
    $("title").focus();
    show();
    await refresh();
    await sync();
  };

  // locked asks for the PIN, or for a sign-in; on a phone without a box, for a sign-in and a new PIN.
  const locked = async () => {
    alerts.forEach((_, name) => alert(name));
    $("count").textContent = $("net").textContent = "";
    const boxes = await box.vaults();
    if (!boxes.length) return begin();
    const chosen = (id) => {
      const one = boxes.find((b) => b.id === id);
      const other = boxes.length > 1 && make("div", { class: "field" }, make("label", { for: "whose" }, say("whose")),
        make("select", { id: "whose", change: (event) => chosen(event.target.value) }, ...boxes.map((b) => make("option", { value: b.id, selected: b.id === id }, b.user))));
      const pin = one.pin && ask([["pin", say("pin"), "pin"]], say("open"), async ({ pin: tried }) => {
        const got = await box.unlock(id, tried);
        if (got.open) return opened();
        if (!got.left) return locked();
        throw new Error(say("wrong", got.left));
      });
      view(say("locked"), make("section", { class: "card narrow" }, other, pin || make("p", { id: "gone" }, say("gone")),
        make("details", { id: "forgot", open: !pin }, make("summary", {}, say("forgot")), make("p", { class: "soft" }, say("recover")), signForm(one.user, async (said) => {
          if (said.user.id !== id) throw new Error(say("other", one.user));
          const { secret } = await call("open", { phone: one.phone });
          view(say("newpin"), make("section", { class: "card narrow" }, newPIN(async (fresh) => {
            await box.unlockWith(id, secret, fresh).catch((wrong) => noRoom(wrong) ? box.unlockWith(id, secret) : Promise.reject(wrong));
            await opened();
          })));
        }))), button(say("another"), begin, "plain"));
    };
    chosen(boxes[0].id);
  };
  const factorLink = () => make("p", {}, make("a", { href: "/second-factor" }, say("setfactor")));
  const begin = async () => {
    const fresh = (said) => {
      if (!said.may) throw new Error(say("role"));
      if (said.factor) return view(say("first"), make("section", { class: "card narrow" }, make("p", {}, say("factor")), factorLink()));
      view(say("newpin"), make("section", { class: "card narrow" }, make("p", {}, say("why")), newPIN(async (pin) => {
        const { phone, secret } = await call("phones", {});
        await box.make(said.user, phone, secret, pin);
        await opened();
      })));
    };
    let said = null;
    try {
      said = await greet();
    } catch {
      return view(say("first"), make("p", { class: "card" }, say("needsnet")), button(say("retry"), begin));
    }
    const known = said.user && (await box.vaults()).some((b) => b.id === said.user.id);
    if (said.user && said.may && !known) return fresh(said);
    view(say("first"), make("section", { class: "card narrow" }, make("p", {}, say("signfirst")), signForm("", fresh)));
  };

  const queue = () => {
    const line = (item) => {
      const state = item.draft ? say("draft") : item.told ? [...new Set([item.told.message, ...(item.told.fields || []).map((field) => field.message)])].join(" ") : item.tried ? say("tried") : say("ready");
      const sure = button(say("drop"), async () => {
        if (flying === item.id) return;
        if (sure.dataset.sure) {
          await box.drop(item.id);
          return refresh();
        }
        sure.dataset.sure = "yes";
        sure.textContent = say("sure");
      }, "grave");
      return make("li", { class: "card", "data-item": item.id }, make("p", {}, make("strong", {}, item.title), " ", make("span", { class: "soft" }, when(item.at))),
        make("p", { class: item.told ? "error" : "" }, state),
        make("div", { class: "buttons" },
          item.told?.conflict ? button(say("decide"), () => go("#c/" + item.id), "main") : null,
          item.told?.known && item.values.programme?.[0] ? button(say("known", item.told.known.name), async () => {
            Object.assign(item, { kind: "apply", form: "apply", target: { id: item.told.known.id }, told: undefined, title: files.forms.apply.title + " " + item.told.known.name });
            await box.keep(item);
            await sync();
          }, "main") : null,
          item.tried || item.told?.conflict ? null : button(say("edit"), () => go("#i/" + item.id)),
          item.tried ? null : sure));
    };
    view(say("title"),
      make("div", { class: "buttons" }, files ? button(say("newcase"), () => start("case", "case", {}, ""), "main") : null,
        files ? button(say("people"), () => go("#people")) : null, button(say("send"), sync)),
      files ? null : make("p", { class: "card" }, say("nofiles")),
      make("ul", { class: "plain-list", id: "queue" }, ...items.map(line)));
    drawn = state();
  };

  const people = () => {
    const list = make("ul", { class: "plain-list" });
    const fill = (text) => list.replaceChildren(...files.people.filter((p) => p.name.includes(text)).slice(0, 50).map((p) => make("li", { class: "card" },
      make("p", {}, make("strong", {}, p.name), " ", make("span", { class: "soft" }, p.about)),
      make("div", { class: "buttons" },
        p.asked.length ? button(files.forms.survey.title, () => start("survey", "survey", { id: p.id, seen: p.seen || "", year: files.year }, p.name)) : null,
        button(files.forms.apply.title, () => start("apply", "apply", { id: p.id }, p.name)),
        button(files.forms.phone.title, () => start("phone", "phone", { id: p.id, version: p.version, tag: p.tag }, p.name)),
        ...(p.visits || []).map((one) => button(files.forms.visit.title + "：" + one.text, () => start("visit", "visit", { id: p.id, list: one.list, programme: one.programme }, p.name))),
        ...(p.needs || []).map((need) => button(files.forms[need].title, () => start("need", need, { id: p.id, chain: need.split("/")[1] }, p.name))),
        ...(p.services || []).flatMap((s) => s.steps.map((step) => button(s.text + "：" + files.forms[step].title,
          () => start("step", step, { id: s.id, step: step.split("/")[1], version: s.version }, p.name))))))));
    if (!files) return queue();
    fill("");
    view(say("people"), make("div", { class: "field" }, make("label", { for: "who" }, say("name")), make("input", { id: "who", type: "search", autocomplete: "off", input: (event) => fill(event.target.value.trim()) })),
      files.total ? make("p", { class: "card", id: "cut" }, say("cut", files.total, files.people.length)) : null, list, button(say("back"), () => go("")));
  };

  // start begins an entry. Its id is made here, once, and is the key under which it is sent.
  const start = (kind, form, target, name) => {
    begun = { id: crypto.randomUUID(), at: Date.now(), draft: true, kind, form, target, title: (files.forms[form].title + " " + name).trim(), who: name, values: null };
    go("#i/" + begun.id);
  };

  // --- the form of an entry

  const groupsOf = (item) => {
    const groups = [...files.forms[item.form].groups];
    if (item.kind !== "survey") return groups;
    const person = files.people.find((p) => p.id === item.target.id) || { asked: Object.keys(files.questions) };
    const words = (question, values) => question.options.filter((o) => values?.includes(o.value)).map((o) => o.label).join("、");
    groups.push({ title: say("questions", item.target.year || files.year), fields: person.asked.map((code) => {
      const question = files.questions[code], before = words(question, person.before?.[code]);
      return before ? { ...question, hint: say("before", before) } : question;
    }) });
    return groups;
  };
  const first = (item, groups) => {
    const values = {};
    for (const field of groups.flatMap((group) => group.fields)) {
      if (field.value || field.today) values[field.name] = [field.today ? today() : field.value];
    }
    const person = item.kind === "survey" && files.people.find((p) => p.id === item.target.id);
    for (const [code, given] of Object.entries(person?.answers || {})) values["answers." + code] = given;
    return values;
  };

  const draw = (field, values, problem) => {
    const id = "f-" + field.name.replaceAll(".", "-"), given = values[field.name] || [];
    const label = [field.label, field.need ? make("span", { class: "need" }, " " + say("need")) : null].filter(Boolean);
    const about = [field.hint ? make("p", { class: "hint", id: id + "-hint" }, field.hint) : null, make("p", { class: "error", id: id + "-error" }, problem || "")];
    const common = { id, name: field.name, required: field.need, autocomplete: "off", "aria-describedby": id + "-error" + (field.hint ? " " + id + "-hint" : ""), "aria-invalid": problem ? "true" : false };
    if (field.kind === "radio" || field.kind === "checks") {
      return make("fieldset", { class: "field", id, "data-after": field.after, "data-any": field.after_any }, make("legend", {}, ...label), ...about, make("div", { class: "choices" },
        ...(field.options || []).map((option, i) => make("label", { class: "choice", for: id + "-" + i }, make("input", { id: id + "-" + i, name: field.name, value: option.value,
          type: field.kind === "radio" ? "radio" : "checkbox", checked: given.includes(option.value), autocomplete: "off" }), make("span", {}, option.label)))));
    }
    let control;
    if (field.kind === "select") control = make("select", common, make("option", { value: "" }, say("choose")), ...(field.options || []).map((o) => make("option", { value: o.value, selected: given.includes(o.value) }, o.label)));
    else if (field.kind === "textarea") control = make("textarea", { ...common, rows: 4, maxlength: field.max }, given[0] || "");
    else if (field.kind === "file") control = make("input", { ...common, name: "", type: "file", accept: "image/*", multiple: field.many, "data-photos": field.name });
    else control = make("input", { ...common, type: field.kind, value: given[0], maxlength: field.max, inputmode: field.mode, "data-check": field.check });
    return make("div", { class: "field" }, make("label", { for: id }, ...label), ...about, control, field.kind === "file" ? make("ul", { class: "thumbs", id: id + "-kept" }) : null);
  };

  // edit shows an entry and keeps every change at once: closing the page, also by the phone to take a photo, loses nothing.
  const edit = async (item) => {
    if (item.tried || flying === item.id || !files?.forms[item.form]) return go("");
    editing = item.id;
    const groups = groupsOf(item), problems = Object.fromEntries((item.told?.fields || []).map((field) => [field.name, field.message]));
    item.values ||= first(item, groups);
    let later = 0, changed = false, last = Promise.resolve();
    const keep = (photo) => last = last.then(() => kept(photo)); // one after the other
    const kept = async (photo) => {
      clearTimeout(later);
      item.values = read(form);
      if (changed) item.draft = true; // until it is kept again
      try {
        await box.keep(item, photo);
        alert("kept");
        return true;
      } catch (wrong) {
        full(wrong);
        return false;
      }
    };
    const form = make("form", { class: "form", novalidate: true,
      input: () => {
        changed = true;
        clearTimeout(later);
        later = setTimeout(keep, 300);
      },
      change: async (event) => {
        changed = true;
        const field = event.target.dataset.photos;
        if (!field) return keep();
        for (const file of [...event.target.files]) {
          const bytes = await scaled(file).catch(() => null);
          if (!bytes) alert("kept", say("nopicture"));
          else if (!await keep({ field, bytes })) break;
        }
        event.target.value = "";
        await thumbs(item);
      },
      submit: async (event) => {
        event.preventDefault();
        const missing = groups.flatMap((group) => group.fields).filter((field) => field.need && asked(form, field) && !(read(form)[field.name] || []).some(Boolean));
        for (const p of form.querySelectorAll("p.error")) p.textContent = "";
        for (const field of missing) $("f-" + field.name.replaceAll(".", "-") + "-error").textContent = say("missing");
        if (missing.length) return void form.querySelector("#f-" + CSS.escape(missing[0].name.replaceAll(".", "-")))?.scrollIntoView({ block: "center" });
        const before = { draft: item.draft, told: item.told, kept: item.kept };
        changed = false;
        Object.assign(item, { draft: false, told: undefined, at: item.kept ? item.at : Date.now(), kept: true });
        if (!item.who) item.title = files.forms[item.form].title + " " + form.elements.namedItem("name").value;
        if (!await keep()) return void Object.assign(item, before);
        flush = null;
        await refresh(); // counted before the list is in sight, and before the network answers
        go("");
        await sync();
      } },
      item.told ? make("p", { class: "error" }, item.told.message) : null,
      ...groups.map((group) => make("fieldset", { class: "group" }, make("legend", {}, group.title || item.title), ...group.fields.map((field) => draw(field, item.values, problems[field.name])))),
      make("div", { class: "buttons" }, make("button", { class: "main", id: "keep" }, say("keep")), button(say("back"), () => go(""))));
    view(item.title, form);
    document.dispatchEvent(new Event("change")); // hides the questions that nothing leads to yet
    flush = () => changed && keep();
    await thumbs(item);
  };
  const read = (form) => {
    const values = {};
    for (const [name, value] of new FormData(form)) if (name && typeof value === "string") (values[name] ||= []).push(value);
    return values;
  };
  const asked = (form, field) => !form.querySelector("#f-" + CSS.escape(field.name.replaceAll(".", "-")))?.matches(":disabled");

  // scaled makes a photo small enough to keep many; position and time go with the rest of what a camera writes.
  const scaled = async (file) => {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" }), scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
    const canvas = paint(picture, scale);
    const blob = await new Promise((done, fail) => canvas.toBlob((made) => made ? done(made) : fail(new Error("no picture")), "image/jpeg", 0.8));
    return new Uint8Array(await blob.arrayBuffer());
  };
  const paint = (picture, scale) => {
    const canvas = make("canvas", { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return canvas;
  };
  const thumbs = async (item) => {
    const photos = await box.photos(item.id), shown = {};
    for (const [i, photo] of photos.entries()) {
      const picture = await createImageBitmap(photo.blob), canvas = paint(picture, Math.min(1, 160 / picture.width));
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", say("photo", i + 1));
      (shown[photo.field] ||= []).push(make("li", {}, canvas, button(say("remove"), async () => {
        await box.dropPhoto(item.id, photo.n);
        await thumbs(item);
      }, "plain")));
    }
    for (const list of document.querySelectorAll("ul.thumbs")) list.replaceChildren(...Object.entries(shown).filter(([field]) => list.id === "f-" + field.replaceAll(".", "-") + "-kept").flatMap(([, all]) => all));
  };

  // decide shows what two people have entered, and asks which counts.
  const decide = (item) => {
    const fields = item.told.conflict.fields;
    const choice = (field, i, which, text) => make("label", { class: "choice", for: `c-${i}-${which}` }, make("input", { type: "radio", id: `c-${i}-${which}`, name: "c" + i, value: which, required: true }),
      make("span", {}, make("strong", {}, say(which)), " ", text));
    const form = make("form", { submit: async (event) => {
      event.preventDefault();
      const chosen = fields.map((_, i) => new FormData(form).get("c" + i));
      if (chosen.some((one) => !one)) return;
      if (fields.some((field, i) => chosen[i] === "theirs" && !field.values)) {
        await box.drop(item.id);
      } else {
        fields.forEach((field, i) => {
          if (chosen[i] === "theirs") item.values[field.name] = field.values;
        });
        await box.keep(Object.assign(item, { told: undefined }));
      }
      items = await box.list();
      go("");
      await sync();
    } }, make("p", {}, say("clash")), ...fields.map((field, i) => make("fieldset", { class: "group" }, make("legend", {}, field.label), choice(field, i, "mine", field.mine), choice(field, i, "theirs", field.theirs))),
      make("div", { class: "buttons" }, make("button", { class: "main" }, say("confirm")), button(say("back"), () => go(""))));
    view(item.title, form);
  };

  // --- when things happen

  addEventListener("hashchange", show);
  addEventListener("online", () => { failures = 0; sync(); });
  addEventListener("offline", () => { $("net").textContent = say("offline"); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hidden = Date.now();
      flush?.();
    } else if (hidden && Date.now() - hidden > lockAfter) location.reload(); // the key is gone with the page
    else sync();
  });
  $("lock").addEventListener("click", async () => {
    await flush?.();
    location.reload();
  });

  if (navigator.serviceWorker) {
    const script = "/offline/sw.js";
    const named = self.trustedTypes ? trustedTypes.createPolicy("zhucan-worker", { createScriptURL: () => script }).createScriptURL(script) : script;
    navigator.serviceWorker.register(named).catch(() => alert("worker", say("noworker")));
  }
  if (!self.crypto?.subtle || !self.indexedDB) view(say("title"), make("p", { class: "card" }, say("old")));
  else locked();
})();
