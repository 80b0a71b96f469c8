// `window.print` from the page itself: a script sent by the server would need eval, which our policy forbids.
export function PrintButton({ label, small }) {
  return (
    <button
      type="button"
      className={`fr-btn ${small ? "fr-btn--sm" : ""} fr-btn--tertiary fr-icon-printer-line fr-btn--icon-left pj-noprint`}
      onClick={() => window.print()}
    >
      {label}
    </button>
  );
}
