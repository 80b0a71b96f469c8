// `window.print` from the page itself: a script sent by the server would need eval, which our policy forbids.
export function PrintButton({ label }) {
  return (
    <button
      type="button"
      className="fr-btn fr-btn--tertiary fr-icon-printer-line fr-btn--icon-left pj-noprint"
      onClick={() => window.print()}
    >
      {label}
    </button>
  );
}
