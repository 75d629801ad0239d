/** Which keys do what. */
import { Dialog } from "./Dialog";

const KEYS: [string[], string][] = [
  [["/"], "Search for a customer"],
  [["j", "k"], "Next, previous event in the list (and in the inspector)"],
  [["Enter"], "Inspect the event"],
  [["p"], "Pause or resume the live list"],
  [["Esc"], "Close what is open: dialog, then customer"],
  [["?"], "This list"],
];

export function HelpDialog({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
