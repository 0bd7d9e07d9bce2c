import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureOf, type Bar } from "../../bench/proxy/picture.js";

const bar = (label: string, value: number): Bar => ({
  label,
  value,
  min: value / 2,
  max: value * 2,
  isOwn: label === "fence",
});

test("a bar of twice the value is twice as long", () => {
  const text = pictureOf([{ title: "t", bars: [bar("fence", 0.5), bar("nginx", 1)] }]);
  const widths = [...text.matchAll(/<rect class="\w+"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
  assert.equal(widths.length, 2);
  const [first = 0, second = 0] = widths;
  assert.ok(Math.abs(second / first - 2) < 0.01, `${first} and ${second}`);
});

test("what is drawn stays inside the picture, and the panels do not overlap", () => {
  const bars = [bar("fence", 3), bar("nginx", 1)];
  const text = pictureOf([
    { title: "one", bars },
    { title: "two", bars },
  ]);
  const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(text)?.[1]);
  const tops = [...text.matchAll(/<rect [^>]* y="([\d.]+)"/g)].map(([, top]) => Number(top));
  assert.deepEqual(
    tops,
    [...tops].sort((a, b) => a - b),
  );
  assert.ok(tops.every((top) => top > 0 && top < height));
  const ends = [...text.matchAll(/x2="([\d.]+)"/g)].map(([, end]) => Number(end));
  assert.ok(ends.every((end) => end <= 760));
});

test("names are text in the picture, and never markup", () => {
  const text = pictureOf([{ title: `<a> & "b"`, bars: [bar("<script>", 1)] }]);
  assert.ok(!text.includes("<script>") && !text.includes("<a>"));
  assert.match(text, /&lt;script&gt;/);
});

test("it has colours for a dark page, and says that 1 is the base", () => {
  const text = pictureOf([{ title: "t", bars: [bar("fence", 0.9)] }]);
  assert.match(text, /prefers-color-scheme: dark/);
  assert.match(text, /<line class="base"/);
});
