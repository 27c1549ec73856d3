// The pages work without this. With it: the library's own behaviour, keys for checkers, and a result that comes by itself.
import { initAll } from "/assets/nhsuk-frontend.min.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();

// A checker's keys, where the page offers them: a letter on an element that can be clicked or focused.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select")) return;
  const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!found) return;
  event.preventDefault();
  found.focus();
  if (found.type === "radio" || found.tagName === "A") found.click();
});

// A query that is under way: the page is loaded again when it has ended.
const running = document.querySelector("[data-running]");
if (running) {
  const events = new EventSource(`/v1/queries/${encodeURIComponent(running.dataset.running)}/events`);
  events.addEventListener("state", (event) => {
    if (JSON.parse(event.data).state !== "running") {
      events.close();
      location.reload();
    }
  });
}
