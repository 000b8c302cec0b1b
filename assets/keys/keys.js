// Keys of the page that Streamlit's button shortcuts can't carry. Rests while a person types or a dialog is open.

const QUIET_INPUTS = ["radio", "checkbox", "range", "button", "submit"];
const ACTIVE = "button, a, summary, canvas, [role=radio], [role=tab], [role=option], [role=menuitem], [role=grid]";

function typing(element) {
  if (!(element instanceof Element)) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  return element.matches("input") && !QUIET_INPUTS.includes(element.type);
}

function chosen(element) {
  return element.getAttribute("aria-checked") === "true";
}

function perform(binding) {
  const element = document.querySelectorAll(binding.selector)[binding.index];
  if (!element || element.disabled) return false;
  if (binding.focus) element.focus({ preventScroll: false });
  else if (!chosen(element)) element.click();
  return true;
}

function enterBelongsHere(target, groups) {
  if (!(target instanceof Element) || !target.closest(ACTIVE) || target.closest("canvas")) return true;
  return groups.some((selector) => target.closest(selector));
}

function submitFromTyping(event, state) {
  const submit = state.data.bindings.find((binding) => binding.key === "Enter");
  if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || !submit) return;
  event.preventDefault();
  event.target.blur();
  requestAnimationFrame(() => perform(submit));
}

// The picture takes its own keys first, so its events are heard on their way up; all others on their way down,
// before a focused button turns Enter into a click.
function onKey(event, state) {
  const target = event.composedPath()[0];
  const onPicture = target instanceof Element && Boolean(target.closest("canvas"));
  if (onPicture !== (event.eventPhase === Event.BUBBLING_PHASE)) return;
  if (event.repeat || document.querySelector("[role=dialog]")) return;
  if (typing(target)) {
    submitFromTyping(event, state);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && !enterBelongsHere(target, state.data.enter_from)) return;
  const binding = state.data.bindings.find((one) => one.key === event.key);
  if (binding && perform(binding)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function moveFocus(state) {
  if (state.focused === state.data.focus_when) return;
  const element = document.querySelector(state.data.focus);
  if (!element) return;
  state.focused = state.data.focus_when;
  if (typing(document.activeElement)) return;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

export default function (component) {
  const { data, parentElement } = component;
  const state = (parentElement.tandemKeys ??= {});
  state.data = data;
  if (!state.listener) {
    state.listener = (event) => onKey(event, state);
    for (const down of [true, false]) document.addEventListener("keydown", state.listener, down);
  }
  requestAnimationFrame(() => moveFocus(state));
  return () => {
    for (const down of [true, false]) document.removeEventListener("keydown", state.listener, down);
    state.listener = null;
  };
}
