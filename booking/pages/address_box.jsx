import { useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";

const PAUSE_MS = 120;

/** Places for what is being typed, the last question only: {places, asked}. */
function usePlaces(source, text, wanted) {
  const [answer, setAnswer] = useState({ places: [], asked: "" });
  useEffect(() => {
    if (!wanted || !text.trim()) {
      setAnswer({ places: [], asked: "" });
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      fetch(`${source}?q=${encodeURIComponent(text)}`, { signal: abort.signal })
        .then((response) => (response.ok ? response.json() : { places: [] }))
        .then(({ places }) => setAnswer({ places, asked: text }))
        .catch(() => {}); // typing goes on without suggestions: the search itself says what is wrong
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [source, text, wanted]);
  return answer;
}

function said({ places, asked }) {
  if (!asked) return "";
  if (!places.length) return "Aucun lieu ne commence ainsi.";
  const count = places.length > 1 ? `${places.length} lieux proposés` : "1 lieu proposé";
  return `${count} : flèches pour choisir, Entrée pour chercher.`;
}

/** A combobox with a list (ARIA 1.2): arrows move, Enter takes and searches, Escape closes; the text stays one's own. */
export function AddressBox({ id, name, value, source, describedBy, invalid }) {
  const [text, setText] = useState(value ?? "");
  const [isOpen, setIsOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const input = useRef(null);
  const list = useId();
  const answer = usePlaces(source, text, isOpen);
  const { places } = answer;
  const shown = isOpen && places.length > 0;
  useEffect(() => setText(value ?? ""), [value]);
  useEffect(() => setActive(-1), [places]);
  useEffect(() => {
    if (active >= 0) document.getElementById(`${list}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active, list]);

  const take = (place) => {
    flushSync(() => {
      setText(place.label);
      setIsOpen(false);
    });
    input.current.form?.requestSubmit();
  };
  const step = (by) => {
    setIsOpen(true);
    if (places.length) setActive((now) => (now + by + places.length + (now < 0 && by < 0 ? 1 : 0)) % places.length);
  };
  const onKeyDown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && shown && active >= 0) {
      event.preventDefault();
      take(places[active]);
    } else if (event.key === "Enter") {
      setIsOpen(false); // the form is sent as it is
    } else if (event.key === "Escape" && shown) {
      event.preventDefault();
      event.stopPropagation();
      setIsOpen(false);
    }
  };
  return (
    <div className="pj-combo">
      <input ref={input} id={id} name={name} type="text" className="fr-input" value={text} maxLength={200}
        role="combobox" aria-autocomplete="list" aria-expanded={shown} aria-controls={list}
        aria-activedescendant={shown && active >= 0 ? `${list}-${active}` : undefined}
        aria-describedby={describedBy} aria-invalid={invalid || undefined} autoComplete="off" spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          setIsOpen(true);
        }}
        onKeyDown={onKeyDown} onBlur={() => setIsOpen(false)} />
      <ul id={list} role="listbox" aria-label="Lieux proposés" className="pj-combo__list" hidden={!shown}
        onPointerDown={(event) => event.preventDefault()}>
        {places.map((place, index) => (
          <li key={place.label} id={`${list}-${index}`} role="option" aria-selected={index === active}
            className="pj-combo__one" onClick={() => take(place)}>
            {place.label}{place.detail && <span className="pj-grey">{place.detail}</span>}
          </li>
        ))}
      </ul>
      <span role="status" className="fr-sr-only">{isOpen ? said(answer) : ""}</span>
    </div>
  );
}
