// Keys of the page, in the order in which they were pressed: while the page is being drawn they wait, so that a
// fast reader loses none and none acts on the case before. They rest while a person types or a dialog is open.

const QUIET_INPUTS = ["radio", "checkbox", "range", "button", "submit"];
const ACTIVE = "button, a, summary, [role=radio], [role=tab], [role=option], [role=menuitem], [role=grid]";
const ANSWER_BY = 1500; // milliseconds until a click that started no run is given up
const GIVE_UP = 1200; // milliseconds that a key waits for its button once the page stands still
const FIRST_TIME = 5000; // the same, until a key has worked: a browser loads parts of the first page late
const KEEP_FOR = 8000; // milliseconds that a key waits in all
const SETTLE = 120; // milliseconds after a run in which its last parts still arrive
const APART = 50; // milliseconds between two keys, so that a form knows the label before it is sent
const OWN_WAY = 3000; // milliseconds after a Tab in which the focus is the person's own
const EARLY = /^([0-9]|[a-z]|Enter)$/;

const keyboard = { data: null, queue: [], sent: 0, timer: 0, stillSince: 0, focused: null, listening: false, worked: false, tabbed: -Infinity };

function typing(element) {
  if (!(element instanceof Element)) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  return element.matches("input") && !QUIET_INPUTS.includes(element.type);
}

function running() {
  return document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";
}

// What a selector finds now: what is left over from the page before does not count.
function fresh(selector) {
  return [...document.querySelectorAll(selector)].filter((one) => !one.closest("[data-stale=true]"));
}

function meant(binding) {
  for (const selector of binding.selectors) {
    const found = fresh(selector);
    if (binding.each) return after(found.filter((one) => !one.disabled));
    if (found[binding.index]) return found[binding.index];
  }
  return null;
}

// Of several places to mark, the one after the one that has the focus.
function after(places) {
  const at = places.findIndex((one) => one.closest("[data-tandem-keys]")?.contains(document.activeElement));
  return places[(at + 1) % places.length] ?? null;
}

function perform(binding, element) {
  if (binding.focus) {
    element.focus();
  } else if (binding.every) {
    for (const one of fresh(binding.selectors[0])) one.click();
  } else if (!element.disabled && element.getAttribute("aria-checked") !== "true") {
    if (binding.submits) keyboard.sent = performance.now();
    element.click();
  }
}

function busy(settle = true) {
  if (running()) {
    keyboard.sent = keyboard.stillSince = 0;
    return true;
  }
  keyboard.stillSince ||= performance.now();
  if (settle && performance.now() - keyboard.stillSince < SETTLE) return true;
  return keyboard.sent > 0 && performance.now() - keyboard.sent < ANSWER_BY;
}

function bound(key) {
  const found = keyboard.data?.bindings.filter((binding) => binding.key === key) ?? [];
  if (found.length < 2) return found[0];
  const row = rowOfTurn();
  return found.find((binding) => binding.row === row) ?? found[0];
}

// Of several questions, the one whose turn it is: it has the focus, or is the first without an answer.
function rowOfTurn() {
  const rows = [...new Set(keyboard.data.bindings.map((binding) => binding.row).filter(Boolean))];
  const place = (row) => fresh(row)[0];
  const focused = rows.find((row) => place(row)?.contains(document.activeElement));
  return focused ?? rows.find((row) => place(row) && !place(row).querySelector("[aria-checked=true]")) ?? rows[0];
}

function pump() {
  clearTimeout(keyboard.timer);
  if (keyboard.queue.length) {
    const waiting = keyboard.queue[0];
    const now = performance.now();
    const binding = bound(waiting.key);
    const drawing = busy(!binding?.focus) || !keyboard.data;
    if (drawing) waiting.idle = now;
    const element = drawing || !binding ? null : meant(binding);
    const patience = keyboard.worked ? GIVE_UP : FIRST_TIME;
    const vain = now - (waiting.idle ?? waiting.pressed) > patience || now - waiting.pressed > KEEP_FOR;
    if (!element && !vain) {
      keyboard.timer = setTimeout(pump, 20);
      return;
    }
    keyboard.queue.shift();
    keyboard.worked ||= Boolean(element);
    if (element) perform(binding, element);
    if (keyboard.queue.length) keyboard.timer = setTimeout(pump, APART);
  }
}

function press(key) {
  keyboard.queue.push({ key, pressed: performance.now() });
  pump();
}

// A focused button takes Enter itself, unless it is left over from the case before or does what Enter does here.
function enterBelongsHere(target) {
  if (!(target instanceof Element) || !target.closest(ACTIVE)) return true;
  if (target.closest("[data-stale=true]")) return true;
  return (keyboard.data?.enter_from ?? []).some((selector) => target.closest(selector));
}

function submitFromTyping(event) {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || !bound("Enter")) return;
  event.preventDefault();
  event.target.blur();
  requestAnimationFrame(() => press("Enter"));
}

// Whether the key is ours: bound, or pressed on a review that is still being drawn for the first time.
function ours(key) {
  if (keyboard.data) return Boolean(bound(key));
  return /\/review\/?$/.test(location.pathname) && EARLY.test(key);
}

// What can be marked takes its own keys first, so its events are heard on their way up; all others on their way
// down, before a focused button turns Enter into a click.
function onKey(event) {
  const target = event.composedPath()[0];
  const inMarks = target instanceof Element && Boolean(target.closest("[data-tandem-keys]"));
  if (inMarks !== (event.eventPhase === Event.BUBBLING_PHASE)) return;
  if (event.key === "Tab") keyboard.tabbed = performance.now();
  if (event.repeat || document.querySelector("[role=dialog]")) return;
  if (typing(target)) {
    submitFromTyping(event);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !ours(event.key)) return;
  if (event.key === "Enter" && !enterBelongsHere(target)) return;
  event.preventDefault();
  event.stopPropagation();
  press(event.key);
}

// Move the focus to the box whose turn it is, once, as soon as it is drawn.
function moveFocus(until = performance.now() + KEEP_FOR) {
  if (!keyboard.data || keyboard.focused === keyboard.data.focus_when) return;
  const box = meant({ selectors: [keyboard.data.focus], index: 0 });
  if (running() || !box) {
    if (performance.now() < until) setTimeout(() => moveFocus(until), 50);
    return;
  }
  keyboard.focused = keyboard.data.focus_when;
  if (typing(document.activeElement) || performance.now() - keyboard.tabbed < OWN_WAY) return;
  box.tabIndex = -1;
  box.focus({ preventScroll: true });
}

function listen() {
  if (keyboard.listening) return;
  keyboard.listening = true;
  document.documentElement.dataset.tandemKeys = "listening";
  for (const down of [true, false]) document.addEventListener("keydown", onKey, down);
  const app = document.querySelector("[data-testid=stApp]");
  if (app) new MutationObserver(() => busy()).observe(app, { attributeFilter: ["data-test-script-state"] });
}

// Mounted twice: without bindings by every page, so that it listens early, and with them by the review.
export default function (component) {
  const { data } = component;
  listen();
  if (!data.bindings) return undefined;
  keyboard.data = data;
  moveFocus();
  pump();
  return () => {
    keyboard.data = null;
  };
}
