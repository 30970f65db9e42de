// What helps while typing. Everything here is done by the server as well; without this file nothing is lost.
"use strict";
(() => {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], characters = "10X98765432";
  const english = document.documentElement.lang === "en";
  const say = (zh, en) => english ? en : zh;
  const clean = (text) => text.normalize("NFKC").replace(/\s/g, "").toUpperCase();

  // read says what a resident ID number of 18 characters tells, or what is wrong with it; nothing while it is too short.
  const read = (text) => {
    if (text.length < 18) return null;
    if (!/^\d{17}[\dX]$/.test(text)) return { wrong: say("身份证号应为17位数字加一位数字或X", "17 digits and a digit or X") };
    const sum = weights.reduce((all, weight, i) => all + weight * Number(text[i]), 0);
    if (characters[sum % 11] !== text[17]) return { wrong: say("校验码不正确，请核对", "the check character is wrong") };
    const day = text.slice(6, 10) + "-" + text.slice(10, 12) + "-" + text.slice(12, 14);
    const date = new Date(day + "T00:00:00Z");
    if (isNaN(date) || date.toISOString().slice(0, 10) !== day || date > new Date()) return { wrong: say("出生日期不存在", "there is no such birth date") };
    return { day, sex: Number(text[16]) % 2 ? "male" : "female" };
  };

  const tell = (input, text, wrong) => {
    const id = input.id + "-live";
    let p = document.getElementById(id);
    if (!p) {
      p = document.createElement("p");
      p.id = id;
      p.setAttribute("role", "status");
      input.after(p);
      input.setAttribute("aria-describedby", ((input.getAttribute("aria-describedby") || "") + " " + id).trim());
    }
    p.className = wrong ? "error" : "hint";
    p.textContent = text;
  };

  const form = (input, name) => input.form.elements.namedItem(name);
  const checks = {
    "id-number": (input) => {
      const got = read(clean(input.value));
      if (!got) return tell(input, "", false);
      if (got.wrong) return tell(input, got.wrong, true);
      if (input.name !== "id_number") return tell(input, say("号码正确。", "The number is right."), false); // the guardian's, which says nothing of the person
      const day = form(input, "birth_date"), sex = form(input, "sex");
      if (day) day.value = got.day;
      if (sex) sex.value = got.sex;
      tell(input, say("号码正确。出生日期和性别已填入。", "The number is right. Birth date and sex are filled in."), false);
    },
    "certificate": (input) => {
      const text = clean(input.value), own = form(input, "id_number");
      if (text.length < 20) return tell(input, "", false);
      const got = read(text.slice(0, 18)), category = Number(text[18]), level = Number(text[19]);
      if (got && got.wrong) return tell(input, got.wrong, true);
      if (own && own.value && clean(own.value) !== text.slice(0, 18)) return tell(input, say("前18位与身份证号不一致", "the first 18 characters are not the ID number"), true);
      if (!(category >= 1 && category <= 7) || !(level >= 1 && level <= 4)) return tell(input, say("第19位应为1至7，第20位应为1至4", "the 19th is 1 to 7, the 20th 1 to 4"), true);
      for (const [name, value] of [["certificate.category", category], ["certificate.level", level]]) {
        const field = form(input, name);
        if (field && field.value === "") field.value = String(value);
        if (field && field.value !== String(value)) return tell(input, say("证号第19、20位与所选类别、等级不一致", "digits 19 and 20 say another category or level"), true);
      }
      tell(input, say("与类别、等级相符。", "It agrees with category and level."), false);
    },
  };
  document.addEventListener("input", (event) => {
    const check = checks[event.target.dataset.check];
    if (check) check(event.target);
  });
  document.addEventListener("change", (event) => {
    if (!["certificate.category", "certificate.level"].includes(event.target.name)) return;
    const number = form(event.target, "certificate.number");
    if (number && number.value) checks.certificate(number);
  });

  // What is more than the server takes is said before it is sent, which takes long over a telephone.
  document.addEventListener("change", ({ target }) => {
    if (target.type !== "file") return;
    const large = [...target.files].reduce((all, file) => all + file.size, 0) > 32 << 20;
    if (large || document.getElementById(target.id + "-live")) {
      tell(target, large ? say("所选文件合计超过32兆，请减少张数", "The files are more than 32 MiB together; choose fewer of them.") : "", large);
    }
  });

  // Questions that follow an answer are shown and hidden as it changes.
  const follow = () => {
    for (const one of document.querySelectorAll("[data-after]")) {
      const leads = [...document.getElementsByName("answers." + one.dataset.after)].some((o) => o.checked && !o.matches(":disabled") && one.dataset.any.split(" ").includes(o.value));
      one.hidden = one.disabled = !leads;
    }
  };
  document.addEventListener("change", follow);
  follow();

  // Who types is there, though the server hears nothing of it: it is told now and then, so that the sign-in does not run out meanwhile.
  let told = Date.now();
  document.addEventListener("input", (event) => {
    if (!event.target.form || event.target.form.method !== "post" || Date.now() - told < 4 * 60 * 1000) return;
    told = Date.now();
    fetch("/alive").catch(() => {});
  });

  // An open group of the menu closes when one goes on elsewhere. Without this it closes by its own word.
  const close = (but) => {
    for (const one of document.querySelectorAll(".menu details[open]")) {
      if (one !== but) one.open = false;
    }
  };
  document.addEventListener("click", (event) => close(event.target.closest(".menu details")));
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector(".menu details[open]");
    if (event.key !== "Escape" || !open) return;
    close();
    open.querySelector("summary").focus();
  });

  // A form that is on its way is not sent again by the same button; the server would not do it twice either. Nothing tells a page that the answer was
  // a file, or that somebody has stopped it, so the mark ends by itself: after a while that a double tap does not take, or a longer one for files, which
  // sent again begin anew.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return; // the scripts of the page send it themselves
    const form = event.target, button = event.submitter?.value || "yes";
    if (form.dataset.sent === button) return event.preventDefault();
    form.dataset.sent = button;
    setTimeout(() => { if (form.dataset.sent === button) delete form.dataset.sent; }, form.enctype === "multipart/form-data" ? 15000 : 3000);
  });
  addEventListener("pageshow", () => {
    for (const one of document.querySelectorAll("form[data-sent]")) delete one.dataset.sent;
  });
})();
