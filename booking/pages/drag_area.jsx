import React, { useRef } from "react";

/** What is inside is carried from place to place: `data-carried` on what moves, `data-place` on where it may go. */
export function DragArea({ children, onLift, onDropped, onLetGo }) {
  const carried = useRef(null);
  const placeOf = (event) => event.target.closest?.("[data-place]");
  const over = useRef(null);
  const mark = (place) => {
    if (over.current === place) return;
    over.current?.classList.remove("pj-drag--over");
    place?.classList.add("pj-drag--over");
    over.current = place;
  };
  return (
    <div
      onDragStart={(event) => {
        const item = event.target.closest?.("[data-carried]");
        if (!item) return;
        carried.current = item.dataset.carried;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", item.dataset.carried);
        onLift(carried.current);
      }}
      onDragOver={(event) => {
        const place = carried.current && placeOf(event);
        mark(place || null);
        if (place) event.preventDefault(); // may be dropped here: whether it may go there is said by the server
      }}
      onDrop={(event) => {
        const place = carried.current && placeOf(event);
        mark(null);
        if (!place) return;
        event.preventDefault();
        const item = carried.current;
        carried.current = null;
        onDropped(item, place.dataset.place);
      }}
      onDragEnd={() => {
        mark(null);
        if (carried.current !== null) onLetGo();
        carried.current = null;
      }}
    >
      {children}
    </div>
  );
}
