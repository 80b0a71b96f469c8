// The screen on a wall: it asks for itself again, keeps what it has when nobody answers, says how old that is, and
// turns the pages of what is too long. One renderer, on the server: what comes replaces what is there.
(() => {
  "use strict";
  const EVERY = 4000, PATIENCE = 8000, OLD = 20000, TURN = 12000;
  const byId = (id) => document.getElementById(id);
  const version = byId("list").dataset.version, zone = byId("list").dataset.zone;
  const hour = (at) => new Intl.DateTimeFormat("fr-FR", { hour: "numeric", minute: "2-digit", timeZone: zone }).format(at).replace(":", " h ");
  // The clock of the wall is the server's: that of an old box may be wrong.
  const lead = (list) => Number(list.dataset.at) - Date.now();
  let ahead = lead(byId("list"));
  let heard = Date.now(), etag = "", page = 0;

  // What fits stays as it is. Of what does not, each column is filled before the next one, and each page after it.
  const pages = () => {
    const list = byId("list"), sections = [...list.children];
    list.className = list.style.height = "";
    sections.forEach((one) => { one.hidden = false; });
    const room = innerHeight - list.getBoundingClientRect().top - byId("foot").offsetHeight;
    if (list.scrollHeight <= room + 1) return [sections];
    list.className = "packed";
    const style = getComputedStyle(list), gap = parseFloat(style.columnGap), edges = 2 * parseFloat(style.paddingTop);
    const wide = list.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const columns = Math.max(1, Math.floor((wide + gap) / (parseFloat(style.columnWidth) + gap)));
    if (columns > 1) list.style.height = `${room}px`;
    const found = [[]];
    let column = 0, used = 0;
    for (const one of sections) {
      const tall = one.offsetHeight + gap;
      if (used && used + tall - gap > room - edges) { column += 1; used = 0; }
      if (column === columns) { found.push([]); column = 0; }
      found[found.length - 1].push(one);
      used += tall;
    }
    return found;
  };
  const turn = (by) => {
    scrollTo(0, 0);
    const found = pages();
    page = (page + by) % found.length;
    found.forEach((sections, number) => sections.forEach((one) => { one.hidden = number !== page; }));
    byId("page").textContent = found.length > 1 ? `Page ${page + 1} sur ${found.length}` : "";
  };
  const tick = () => {
    byId("clock").textContent = hour(Date.now() + ahead);
    const old = Date.now() - heard > OLD;
    byId("age").textContent = old ? `Données de ${hour(heard + ahead)}` : "";
    byId("age").className = old ? "old" : "";
  };
  const take = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const list = next.getElementById("list");
    if (!list) throw new Error("not this page");
    if (list.dataset.version !== version) location.reload();
    ahead = lead(list);
    ["list", "day"].forEach((id) => byId(id).replaceWith(document.adoptNode(next.getElementById(id))));
    turn(0);
  };
  const ask = async () => {
    try {
      const answer = await fetch(location.href, {
        headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.status === 410) location.reload();
      if (answer.ok) { take(await answer.text()); etag = answer.headers.get("ETag") || ""; }
      if (answer.ok || answer.status === 304) heard = Date.now();
    } catch { /* nobody answers: what is there stays, and its age is said */ }
    tick();
    setTimeout(ask, EVERY);
  };
  turn(0);
  tick();
  setInterval(tick, 1000);
  setInterval(() => turn(1), TURN);
  addEventListener("resize", () => turn(0));
  setTimeout(ask, EVERY);
})();
