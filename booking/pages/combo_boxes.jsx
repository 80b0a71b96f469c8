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

/** What tells an option from the others: a person has a number, a place its label. */
function keyOf(option) {
  return option?.id ?? option?.label;
}

function said({ places, asked }) {
  if (!asked) return "";
  if (!places.length) return "Aucun lieu ne commence ainsi.";
  const count = places.length > 1 ? `${places.length} lieux proposés` : "1 lieu proposé";
  return `${count} : flèches pour choisir, Entrée pour chercher.`;
}

/** Which option is active, and what keys do (ARIA 1.2): arrows move, Enter takes, Escape closes. */
function useCombo(options, [isOpen, setIsOpen], onTake, onEnter) {
  const [active, setActive] = useState(-1);
  const list = useId();
  const count = options.length;
  const shown = isOpen && count > 0;
  const known = useRef(options);
  // An answer that comes late leaves the arrow on what it showed: Enter takes what is seen.
  useEffect(() => {
    const before = known.current;
    known.current = options;
    setActive((now) => options.findIndex((one) => keyOf(one) === keyOf(before[now])));
  }, [options]);
  useEffect(() => {
    if (active >= 0) document.getElementById(`${list}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active, list]);

  const step = (by) => {
    setIsOpen(true);
    if (count) setActive((now) => (now + by + count + (now < 0 && by < 0 ? 1 : 0)) % count);
  };
  const onKeyDown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && shown && active >= 0) {
      event.preventDefault();
      onTake(options[active]);
    } else if (event.key === "Enter") {
      onEnter(event, shown);
    } else if (event.key === "Escape" && shown) {
      event.preventDefault();
      event.stopPropagation();
      setIsOpen(false);
    }
  };
  const box = {
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": shown, "aria-controls": list, onKeyDown,
    onInput: () => setActive(-1), // what is typed is another question
    "aria-activedescendant": shown && active >= 0 ? `${list}-${active}` : undefined,
    autoComplete: "off", spellCheck: false,
  };
  const optionOf = (index) => ({
    id: `${list}-${index}`, role: "option", "aria-selected": index === active, onClick: () => onTake(options[index]),
  });
  return { list, shown, box, optionOf };
}

/** Where a place is typed; a choice searches, and the text stays one's own. */
export function AddressBox({ id, name, value, source, describedBy, invalid }) {
  const [text, setText] = useState(value ?? "");
  const [isOpen, setIsOpen] = useState(false);
  const input = useRef(null);
  const answer = usePlaces(source, text, isOpen);
  const close = () => setIsOpen(false);
  const take = (place) => {
    flushSync(() => {
      setText(place.label);
      close();
    });
    input.current.form?.requestSubmit();
  };
  // Enter with nothing chosen: the form is sent as it is.
  const { list, shown, box, optionOf } = useCombo(answer.places, [isOpen, setIsOpen], take, close);
  useEffect(() => setText(value ?? ""), [value]);
  return (
    <div className="pj-combo">
      <input {...box} ref={input} id={id} name={name} type="text" className="fr-input" value={text} maxLength={200}
        aria-describedby={describedBy} aria-invalid={invalid || undefined}
        onChange={(event) => {
          setText(event.target.value);
          setIsOpen(true);
        }}
        onBlur={close} />
      <ul id={list} role="listbox" aria-label="Lieux proposés" className="pj-combo__list" hidden={!shown}
        onPointerDown={(event) => event.preventDefault()}>
        {answer.places.map((place, index) => (
          <li key={place.label} {...optionOf(index)} className="pj-combo__one">
            {place.label}{place.detail && <span className="pj-grey">{place.detail}</span>}
          </li>
        ))}
      </ul>
      <span role="status" className="fr-sr-only">{isOpen ? said(answer) : ""}</span>
    </div>
  );
}

const PEOPLE = ["Personnes trouvées", "personne trouvée", "personnes trouvées"];

function saidOf(count, [, one, several]) {
  if (!count) return "";
  const found = count > 1 ? `${count} ${several}` : `1 ${one}`;
  return `${found} : flèches pour choisir, Entrée pour prendre la première réponse.`;
}

/** Where a person is searched. Enter takes who is chosen with the arrows, else the first of those found. */
export function PersonBox({ ref, id, name, value, options, describedBy, startsHere, found = PEOPLE, onType, onPick }) {
  const [text, setText] = useState(value ?? "");
  const [isOpen, setIsOpen] = useState(false);
  const take = (person) => onPick(person.id);
  const { list, shown, box, optionOf } = useCombo(options, [isOpen, setIsOpen], take, (event, isShown) => {
    if (event.ctrlKey || event.metaKey) return; // sends the form
    event.preventDefault();
    if (isShown && text === value) take(options[0]); // never of those found for what was typed before
  });
  useEffect(() => setIsOpen(options.length > 0), [options]);
  // The server clears the search; it never writes over what is being typed.
  useEffect(() => {
    if (!value) setText("");
  }, [value]);
  return (
    <>
      <input {...box} ref={ref} id={id} name={name} type="text" className="fr-input" value={text} maxLength={100}
        aria-describedby={describedBy} autoFocus={startsHere}
        onChange={(event) => {
          setText(event.target.value);
          setIsOpen(true);
          onType(event.target.value);
        }} />
      <ul id={list} role="listbox" aria-label={found[0]} className="pj-choices" hidden={!shown}
        onPointerDown={(event) => event.preventDefault()}>
        {options.map((person, index) => (
          <li key={person.id} {...optionOf(index)} className="pj-choice">
            <strong>{person.name}</strong>
            <span className="fr-text--sm fr-mb-0">{person.detail}</span>
          </li>
        ))}
      </ul>
      <span role="status" className="fr-sr-only">{shown ? saidOf(options.length, found) : ""}</span>
    </>
  );
}
