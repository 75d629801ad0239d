/** Copies a text and says so for a moment; where the browser allows no copying, it says that. */
import { type ReactNode, useEffect, useState } from "react";

interface CopyButtonProps {
  text(): string;
  children: ReactNode;
  className?: string;
  title?: string;
  label?: string;
}

export function CopyButton({ text, children, className, title, label }: CopyButtonProps) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(null), 1500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid("Copied");
    } catch {
      setSaid("Not allowed here");
    }
  };
  return (
    <button type="button" className={className} title={title} aria-label={said ?? label} onClick={() => void copy()}>
      {said ?? children}
    </button>
  );
}
