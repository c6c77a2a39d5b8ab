"use strict";
/* What the chat component does not do: lead from a number to the sentence and back, explain words, keep the text size and the
   conversation of this tab, say how the program is. Nothing here decides anything about an answer. */
(() => {
  const texts = JSON.parse(document.getElementById("page-texts").textContent);
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const article = one("#article"), back = one("#back"), toggle = one("#article-toggle"), tip = one("#tip"), status = one("#status");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const show = (element, block) => element.scrollIntoView({ block, behavior: still.matches ? "auto" : "smooth" });

  // From a number to the sentence. The server has made every sentence an element; its text is the slice, letter for letter.
  let origin = null;
  const unmark = () => {
    for (const mark of all("mark", article)) mark.replaceWith(...mark.childNodes);
    for (const link of all(".citation.current")) { link.classList.remove("current"); link.removeAttribute("aria-describedby"); }
  };
  const marked = (id, current) => {
    const sentence = document.getElementById(id);
    if (!sentence) return null;
    const mark = document.createElement("mark");
    mark.append(...sentence.childNodes);
    sentence.append(mark);
    if (current) { mark.setAttribute("aria-current", "true"); mark.tabIndex = -1; }
    return mark;
  };
  const open = (opened) => {
    article.classList.toggle("open", opened);
    document.body.classList.toggle("reading", opened);
    document.documentElement.style.setProperty("--notice", `${one(".notice").offsetHeight}px`);
    toggle.textContent = opened ? texts.hide_article : texts.show_article;
    toggle.setAttribute("aria-expanded", String(opened));
  };
  const cite = (link) => {
    unmark();
    hideTip();
    origin = link;
    const here = link.getAttribute("href").slice(1);
    const ids = new Set(all("a.citation", link.closest(".reply")).map((other) => other.getAttribute("href").slice(1)));
    let current = null;
    for (const id of ids) current = marked(id, id === here) && id === here ? one(`#${CSS.escape(id)} mark`) : current;
    if (!current) return;
    link.classList.add("current");
    open(true);
    back.hidden = false;
    current.focus({ preventScroll: true });
    show(current, "center");
  };
  const goBack = () => {
    open(false);
    back.hidden = true;
    const link = origin && origin.isConnected ? origin : origin && all(`a.citation[href="${origin.getAttribute("href")}"]`).pop();
    if (!link) return;
    link.focus({ preventScroll: true });
    show(link, "center");
  };
  back.addEventListener("click", goBack);
  toggle.addEventListener("click", () => (back.hidden ? open(false) : goBack()));
  const toSection = (link) => {
    const heading = document.getElementById(link.getAttribute("href").slice(1));
    if (!heading) return;
    if (!article.contains(link)) { origin = link; back.hidden = false; open(true); }
    heading.focus({ preventScroll: true });
    show(heading, "start");
  };

  // Words that the article explains: on hover, focus and tap; Escape or anything else puts it away.
  let tipped = null, leaving = 0;
  const hideTip = () => {
    tip.hidden = true;
    if (tipped) tipped.removeAttribute("aria-describedby");
    tipped = null;
  };
  const showTip = (word) => {
    const explanation = document.getElementById(word.getAttribute("href").slice(1));
    if (!explanation) return;
    clearTimeout(leaving);
    if (tipped && tipped !== word) hideTip();
    const lead = document.createElement("strong");
    lead.textContent = texts.explained_by;
    tip.replaceChildren(lead, explanation.textContent);
    tip.hidden = false;
    tipped = word;
    word.setAttribute("aria-describedby", "tip");
    const at = word.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, innerWidth - tip.offsetWidth - 12));
    const below = at.bottom + tip.offsetHeight + 12 < innerHeight;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(below ? at.bottom + 6 : Math.max(8, at.top - tip.offsetHeight - 6)) + scrollY}px`;
  };
  const wordOf = (event) => event.target.closest && event.target.closest("a.term");
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    if (wordOf(event)) showTip(wordOf(event));
    else if (tip.contains(event.target)) clearTimeout(leaving);
    else if (tipped && document.activeElement !== tipped) { clearTimeout(leaving); leaving = setTimeout(hideTip, 250); }
  });
  document.addEventListener("focusin", (event) => (wordOf(event) ? showTip(wordOf(event)) : hideTip()));
  addEventListener("scroll", () => { if (tipped) hideTip(); }, { passive: true, capture: true });

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    if (!link) { if (!tip.contains(event.target)) hideTip(); return; }
    if (link.matches(".citation")) { event.preventDefault(); cite(link); }
    else if (link.matches(".term")) { event.preventDefault(); showTip(link); }
    else if (link.matches(".section, nav a")) { event.preventDefault(); toSection(link); }
    else if (link.matches(".skip")) { event.preventDefault(); const box = one("#question textarea"); if (box) box.focus(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!tip.hidden) hideTip();
    else if (!back.hidden && !one("dialog[open]")) goBack();
  });

  if (!matchMedia("(min-width: 60rem)").matches) for (const outline of all("nav details", article)) outline.open = false;

  // About
  const about = one("#about");
  one("#about-open").addEventListener("click", () => about.showModal());

  // Text size, kept for the next visit; it is all that outlives this tab.
  const SIZE = "cancer-bot-text-size", SMALLEST = 0.85, LARGEST = 1.75, STEP = 0.15, LARGE = 1.3;
  let size = 1;
  const resize = (wanted) => {
    size = Math.min(LARGEST, Math.max(SMALLEST, Math.round(wanted * 100) / 100 || 1));
    document.documentElement.style.setProperty("--size", size);
    document.documentElement.classList.toggle("large", size > LARGE);
    try { localStorage.setItem(SIZE, size); } catch { /* a browser that keeps nothing still shows it */ }
  };
  try { resize(Number(localStorage.getItem(SIZE)) || 1); } catch { /* likewise */ }
  one("#larger").addEventListener("click", () => resize(size + STEP));
  one("#smaller").addEventListener("click", () => resize(size - STEP));

  // The conversation stays in this tab: it survives a reload, and goes when the tab is closed.
  const SESSION = "cancer-bot-conversation";
  const session = () => { const box = one("#session textarea, #session input"); return box ? box.value : ""; };
  // Until what was kept is back on the page, nothing is written over it.
  let restoring = false;
  const keep = () => {
    const now = session();
    if (now && now !== "[]") restoring = false;
    try { if (now && !restoring) sessionStorage.setItem(SESSION, now); } catch { /* likewise */ }
  };
  for (const leaving of ["pagehide", "visibilitychange"]) addEventListener(leaving, keep, { capture: true });
  const restore = () => {
    let saved = null;
    try { saved = sessionStorage.getItem(SESSION); } catch { /* likewise */ }
    const box = one("#saved textarea, #saved input");
    if (!saved || saved === "[]" || !box) return;
    restoring = true;
    box.value = saved;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  one("#visit").addEventListener("submit", (event) => { event.target.elements.replies.value = session() || "[]"; });

  // New messages: named for those who listen, and a new answer is brought to its beginning.
  let answers = 0;
  const tidy = () => {
    for (const message of all("#log [data-testid='bot'], #log [data-testid='user']")) {
      const name = message.dataset.testid === "bot" ? texts.kind_answer : texts.kind_question;
      if (message.getAttribute("aria-label") !== name) { message.setAttribute("role", "group"); message.setAttribute("aria-label", name); }
    }
    for (const [was, is] of [["like", texts.helpful], ["dislike", texts.not_helpful]]) {
      for (const thumb of all(`#log button[aria-label='${was}' i]`)) { thumb.setAttribute("aria-label", is); thumb.title = is; }
    }
    // A number is called at once; the component would open another tab for it.
    for (const call of all("#log a[href^='tel:'][target], #log a[href^='sms:'][target]")) call.removeAttribute("target");
    // The component calls its starting questions a list without items.
    for (const starters of all("#log .examples[role='list']")) starters.setAttribute("role", "group");
    for (const starter of all("#log .example[aria-label]")) starter.removeAttribute("aria-label");
    const now = all("#log .reply:not(.pending)").length;
    if (now > answers) {
      const asked = all("#log .asked").pop();
      if (asked) show(asked, "start");
      if (matchMedia("(pointer: coarse)").matches && document.activeElement) document.activeElement.blur();
    }
    if (now !== answers) for (const later of [50, 500]) setTimeout(keep, later);
    answers = now;
  };

  const waitFor = (selector, then) => {
    if (one(selector)) { then(one(selector)); return; }
    const watcher = new MutationObserver(() => { if (one(selector)) { watcher.disconnect(); then(one(selector)); } });
    watcher.observe(document.body, { childList: true, subtree: true });
  };
  waitFor("#log", (log) => {
    new MutationObserver(tidy).observe(log, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
    tidy();
    waitFor("#saved textarea, #saved input", () => setTimeout(restore, 100));
  });

  // How the program is: getting ready, ready, or gone.
  const AGAIN_SOON = 1000, AGAIN_LATER = 20000;
  const say = (line, { lost = false, done = 0, of = 0 } = {}) => {
    status.hidden = !line;
    status.classList.toggle("lost", lost);
    if (!line) { status.replaceChildren(); return; }
    if (status.firstChild && status.firstChild.textContent === line && !of) return;
    const bar = of ? Object.assign(document.createElement("progress"), { value: done, max: of }) : "";
    if (bar) bar.setAttribute("aria-label", line);
    status.replaceChildren(document.createTextNode(line), bar);
  };
  const look = async () => {
    let wait = AGAIN_SOON;
    try {
      const health = await (await fetch("/healthz", { cache: "no-store" })).json();
      if (health.ready) { say(""); wait = AGAIN_LATER; }
      else say(health.of ? texts.getting_ready_long : texts.getting_ready, { done: health.done, of: health.of });
    } catch { say(texts.lost, { lost: true }); wait = AGAIN_SOON * 5; }
    setTimeout(look, wait);
  };
  look();
})();
