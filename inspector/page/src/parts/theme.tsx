/** Light or dark: as the system has it, until somebody chooses. */
import { useEffect, useState } from 'preact/hooks';

const key = 'callscope-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function ThemeButton() {
  const [theme, setTheme] = useState(() => stored() ?? (system.matches ? 'dark' : 'light'));
  useEffect(() => {
    document.documentElement.style.colorScheme = theme;
    // What is drawn on canvas has to be drawn again.
    dispatchEvent(new Event('themechange'));
  }, [theme]);
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Switch to ${other} colours`}
      title={`Switch to ${other} colours`}
      onClick={() => {
        setTheme(other);
        try {
          localStorage.setItem(key, other);
        } catch {
          // Not remembered then.
        }
      }}
    >
      {theme === 'dark' ? '☀' : '☾'}
    </button>
  );
}

/** Counts up whenever colours change, for effects that draw. */
export function useThemeVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const bump = () => setVersion((v) => v + 1);
    addEventListener('themechange', bump);
    return () => removeEventListener('themechange', bump);
  }, []);
  return version;
}
