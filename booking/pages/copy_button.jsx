import { useState } from "react";

// Copies a text, and says that it did.
export function CopyButton({ label, text }) {
  const [copied, setCopied] = useState("");
  const copy = () =>
    navigator.clipboard
      ?.writeText(text)
      .then(() => setCopied("Copié."))
      .catch(() => setCopied("Copie refusée par le navigateur : sélectionnez l’adresse."));
  return (
    <>
      <button
        type="button"
        className="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-clipboard-line fr-btn--icon-left"
        onClick={copy}
      >
        {label}
      </button>
      <span role="status" className="fr-text--sm">{copied}</span>
    </>
  );
}
