// Looks whether the site is back, and loads it then. Lines that begin with // do not travel.
const { header, watching, back, late } = document.currentScript.dataset;
const note = document.querySelector("[role=status]");
const time = document.querySelector("time");
const until = time && new Date(time.dateTime);
let seconds = 5, due, timer;
const tell = () => {
  if (until) time.textContent = until < Date.now() ? late : until.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
};
// Each page waits longer than the time before, and never as long as its neighbour: they must not all come at once.
const wait = () => {
  const ms = seconds * 1000 * (0.5 + Math.random());
  seconds = Math.min(seconds * 1.5, 120);
  plan(ms);
};
const plan = (ms) => {
  clearTimeout(timer);
  due = Date.now() + ms;
  timer = setTimeout(look, ms);
};
const look = async () => {
  // whoever sees the page again starts anew, below
  if (document.hidden) return;
  tell();
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store", redirect: "manual" }).catch(() => {});
  // a redirect that is not followed has status 0
  if (!answer || answer.status > 499 || answer.headers.has(header)) return wait();
  note.textContent = back;
  // Asks with GET, also where this page is the answer to a POST: replace() never sends a form again. To an address
  // with a fragment it would only scroll, and reload() asks before it sends a form.
  setTimeout(() => location.hash ? location.reload() : location.replace(location.href), 3000 * Math.random());
};
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() > due) plan(1000 * Math.random());
});
note.textContent = watching;
tell();
wait();
