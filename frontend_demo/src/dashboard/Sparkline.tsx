/** A line as small as a word: only its shape matters, the figures stand beside it. */
interface SparklineProps {
  points: readonly number[];
  label: string;
}

const WIDTH = 120;
const HEIGHT = 28;

export function Sparkline({ points, label }: SparklineProps) {
  if (points.length < 2) return <span className="sparkline" />;
  const low = Math.min(...points);
  const high = Math.max(...points, low + 1);
  const x = (index: number) => (index / (points.length - 1)) * (WIDTH - 4) + 2;
  const y = (value: number) => HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 6);
  const line = points.map((value, index) => {
    const step = index === 0 ? `M${x(0)} ${y(value)}` : `H${x(index)}V${y(value)}`;
    return step;
  });
  const path = line.join("");
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <path className="under" d={`${path}V${HEIGHT}H${x(0)}Z`} />
      <path className="line" d={path} />
    </svg>
  );
}
