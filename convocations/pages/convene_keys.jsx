import { useEffect, useRef } from "react";

// Ctrl+Enter convenes, wherever the focus is; Enter alone never does, by mistake, while somebody types a name.
export function ConveneKeys({ children }) {
  const box = useRef(null);
  useEffect(() => {
    const pressed = (event) => {
      const form = box.current?.querySelector("form");
      if (event.key !== "Enter" || !form) return;
      const { target } = event;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        form.requestSubmit();
      } else if (target instanceof HTMLInputElement && form.contains(target)) {
        event.preventDefault();
        if (target.type === "radio") target.click();
      }
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
  return <div ref={box}>{children}</div>;
}
