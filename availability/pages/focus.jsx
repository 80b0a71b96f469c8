import { useEffect } from "react";

/** Takes the focus to a field each time `turn` grows; a field that comes at the same moment is there already. */
export function FocusOn({ field, turn }) {
  useEffect(() => {
    if (field) document.getElementById(field)?.focus();
  }, [field, turn]);
  return null;
}
