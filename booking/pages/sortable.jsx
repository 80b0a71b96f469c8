import { useRef } from "react";

// A list whose lines are dragged into another order. The order is the page's: what is dropped is only asked for.
export function SortableList({ children, onOrder, label }) {
  const from = useRef(null);
  const over = useRef(null);
  const setOver = (line) => {
    over.current?.classList.remove("pj-sorted__over");
    over.current = line;
    line?.classList.add("pj-sorted__over");
  };
  const lineOf = (event) => event.target.closest?.("[data-line]") ?? null;
  const drop = (event) => {
    event.preventDefault();
    const to = lineOf(event)?.dataset.line;
    const ids = [...event.currentTarget.querySelectorAll("[data-line]")].map((one) => one.dataset.line);
    const moved = from.current;
    from.current = null;
    setOver(null);
    if (!moved || !to || moved === to) return;
    const isLater = ids.indexOf(moved) < ids.indexOf(to);
    const rest = ids.filter((one) => one !== moved);
    rest.splice(rest.indexOf(to) + (isLater ? 1 : 0), 0, moved);
    onOrder(rest);
  };
  return (
    <ol
      className="pj-sorted"
      aria-label={label}
      onDragStart={(event) => {
        from.current = lineOf(event)?.dataset.line ?? null;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", from.current ?? "");
      }}
      onDragOver={(event) => {
        if (!from.current) return;
        event.preventDefault();
        setOver(lineOf(event));
      }}
      onDragEnd={() => {
        from.current = null;
        setOver(null);
      }}
      onDrop={drop}
    >
      {children}
    </ol>
  );
}
