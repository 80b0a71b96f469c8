// Ctrl+Enter convenes from anywhere in the form; Enter alone never does, by mistake, while somebody types a name.
// In the search, it chooses the first person found.
export function ConveneKeys({ children }) {
  const pressed = (event) => {
    if (event.key !== "Enter") return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      event.currentTarget.querySelector("form")?.requestSubmit();
    } else if (event.target instanceof HTMLInputElement) {
      event.preventDefault();
      if (event.target.type === "radio") event.target.click();
      if (event.target.id === "person_search") event.currentTarget.querySelector(".pj-choice")?.click();
    }
  };
  return <div onKeyDown={pressed}>{children}</div>;
}
