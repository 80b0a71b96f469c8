import { useEffect, useId, useRef, useState } from "react";

const NBSP = "\u00a0";
const MEGABYTE = 1024 * 1024;
const ENDINGS = ".pdf,.jpg,.jpeg,.png,.odt,.docx";
const KINDS = { pdf: "PDF", jpeg: "JPEG", png: "PNG", text: "ODT", document: "DOCX" };
const CUT = "la connexion a été coupée avant la fin. Le fichier n’est pas perdu : réessayez.";

const sizeOf = (bytes) =>
  bytes < MEGABYTE
    ? `${Math.max(Math.round(bytes / 1024), 1)}${NBSP}ko`
    : `${(bytes / MEGABYTE).toFixed(1).replace(".0", "").replace(".", ",")}${NBSP}Mo`;
const kindOf = (type) => KINDS[type.split(/[/.]/).pop()] ?? "";
const dayOf = (at) => new Date(at).toLocaleDateString("fr-FR", { day: "numeric", month: "short", year: "numeric" });
const quoted = (name) => `«${NBSP}${name}${NBSP}»`;
const keyOf = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");

// The files of a booking: they travel by plain requests, for a socket is no place for a file.
export function BookingFiles({ booking, version, canAdd, most, whats, base = "/api/v1/bookings", title = "Fichiers", onlyPdf = false }) {
  const [files, setFiles] = useState(null); // null: not read yet
  const [failed, setFailed] = useState("");
  const [removed, setRemoved] = useState(null);
  const [what, setWhat] = useState(whats[0][0]);
  const [sendings, setSendings] = useState([]);
  const [over, setOver] = useState(false);
  const requests = useRef({});
  const id = useId();
  const address = `${base}/${booking}/files`;

  const read = async () => {
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      setFiles((await answer.json()).items);
      setFailed("");
    } catch {
      setFailed("Les fichiers n’ont pas pu être lus.");
    }
  };
  useEffect(() => {
    read();
  }, [booking, version]);
  useEffect(() => {
    setFiles(null);
    setRemoved(null);
    setSendings([]);
    return () => Object.values(requests.current).forEach((request) => request.abort());
  }, [booking]);

  const change = (key, values) =>
    setSendings((all) => all.map((one) => (one.key === key ? { ...one, ...values } : one)));
  const forget = (key) => setSendings((all) => all.filter((one) => one.key !== key));

  const send = (sending) => {
    const { key, file } = sending;
    if (file.size > most * MEGABYTE) {
      const limit = `il fait ${sizeOf(file.size)}, et la limite est de ${most}${NBSP}Mo.`;
      change(key, { error: `${limit} Réduisez-le (numérisation en 150 points par pouce, par exemple), puis joignez-le.` });
      return;
    }
    change(key, { error: "", done: 0 });
    const request = new XMLHttpRequest();
    requests.current[key] = request;
    request.open("POST", `${address}?what=${sending.what}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Content-Disposition", `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = (event) => change(key, { done: event.loaded / Math.max(event.total, 1) });
    request.onerror = () => change(key, { error: CUT, again: true });
    request.onload = () => {
      delete requests.current[key];
      if (request.status === 201) {
        forget(key);
        read();
        return;
      }
      let detail = "le serveur n’a pas pu le garder. Réessayez dans quelques minutes.";
      try {
        detail = JSON.parse(request.responseText).detail;
      } catch {
        // An answer of a proxy: what is said above holds.
      }
      change(key, { error: detail.replace(`${quoted(file.name)}${NBSP}: `, ""), again: request.status >= 500 });
    };
    request.send(file);
  };
  const add = (chosen) => {
    const added = Array.from(chosen, (file) => ({ key: keyOf(), file, what, done: 0, error: "", again: false }));
    setSendings((all) => [...all.filter((one) => !one.error || one.again), ...added]); // a refusal was read
    added.forEach(send);
  };
  const cancel = (key) => {
    requests.current[key]?.abort();
    forget(key);
  };
  const act = async (path, options, then) => {
    try {
      const answer = await fetch(`${address}/${path}`, options);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      then();
      setFailed("");
    } catch (error) {
      setFailed(error instanceof TypeError ? "La connexion a été coupée. Réessayez." : error.message);
    }
    read();
  };
  const remove = (file) => act(file.id, { method: "DELETE" }, () => setRemoved(file));
  const putBack = () => act(`${removed.id}/undo`, { method: "POST" }, () => setRemoved(null));

  const dropped = {
    onDragOver: (event) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event) => {
      event.preventDefault();
      setOver(false);
      add(event.dataTransfer.files);
    },
  };
  const label = (file) => whats.find(([value]) => value === file.what)?.[1];

  return (
    <section aria-labelledby={`${id}-title`} className="pj-files">
      <h3 id={`${id}-title`} className="fr-h6 fr-mt-4w fr-mb-1w">{title}</h3>
      {files?.length === 0 && <p className="fr-text--sm pj-grey fr-mb-1w">Aucun fichier joint.</p>}
      {files === null && !failed && <p className="fr-text--sm pj-grey fr-mb-1w">Lecture des fichiers…</p>}
      <ul className="fr-raw-list pj-files__list">
        {(files ?? []).map((file) => (
          <li key={file.id}>
            <a className="fr-link fr-link--download" href={`${address}/${file.id}`} download={file.name}>
              {file.name}
              <span className="fr-link__detail">
                {[label(file), kindOf(file.media_type), sizeOf(file.size), dayOf(file.at)].filter(Boolean).join(" · ")}
              </span>
            </a>
            {canAdd && (
              <button
                type="button"
                className="fr-btn fr-btn--tertiary-no-outline fr-btn--sm fr-icon-delete-line fr-btn--icon-left pj-noprint"
                onClick={() => remove(file)}
              >
                Retirer<span className="fr-sr-only"> {quoted(file.name)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <div role="status" aria-live="polite" className="pj-noprint">
        {removed && (
          <p className="fr-text--sm fr-mb-1w">
            {quoted(removed.name)} est retiré.{" "}
            <button type="button" className="fr-btn fr-btn--sm fr-btn--secondary" onClick={putBack}>
              Annuler
            </button>
          </p>
        )}
        {failed && (
          <p className="fr-error-text fr-mb-1w">
            {failed}{" "}
            <button type="button" className="fr-btn fr-btn--sm fr-btn--tertiary" onClick={read}>Relire</button>
          </p>
        )}
      </div>
      {canAdd && (
        <div className={`pj-files__add pj-noprint${over ? " pj-files__add--over" : ""}`} {...dropped}>
          {whats.length > 1 && (
            <div className="fr-select-group fr-mb-2w">
              <label className="fr-label" htmlFor={`${id}-what`}>Nature du fichier</label>
              <select className="fr-select" id={`${id}-what`} value={what} onChange={(event) => setWhat(event.target.value)}>
                {whats.map(([value, words]) => (
                  <option key={value} value={value}>{words}</option>
                ))}
              </select>
            </div>
          )}
          <div className="fr-upload-group">
            <label className="fr-label" htmlFor={`${id}-file`}>
              Joindre un fichier
              <span className="fr-hint-text">
                {onlyPdf ? "PDF" : "PDF, JPEG, PNG, ODT ou DOCX"}, {most}{NBSP}Mo au plus. Vous pouvez aussi le déposer dans ce cadre.
              </span>
            </label>
            <input
              className="fr-upload"
              type="file"
              id={`${id}-file`}
              multiple
              accept={onlyPdf ? ".pdf" : ENDINGS}
              onChange={(event) => {
                add(event.target.files);
                event.target.value = "";
              }}
            />
          </div>
          <ul className="fr-raw-list pj-files__sendings" aria-live="polite">
            {sendings.map((one) => (
              <li key={one.key}>
                {one.error ? (
                  <p className="fr-error-text fr-mt-0 fr-mb-1v">
                    <span>{quoted(one.file.name)}{NBSP}: {one.error}</span>
                  </p>
                ) : (
                  <label>
                    {quoted(one.file.name)} <progress max="1" value={one.done} /> {Math.round(one.done * 100)}{NBSP}%
                  </label>
                )}
                {one.again && (
                  <button type="button" className="fr-btn fr-btn--sm fr-btn--secondary" onClick={() => send(one)}>
                    Réessayer
                  </button>
                )}{" "}
                <button type="button" className="fr-btn fr-btn--sm fr-btn--tertiary" onClick={() => cancel(one.key)}>
                  {one.error ? "Fermer" : "Annuler"}
                  <span className="fr-sr-only"> {quoted(one.file.name)}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
