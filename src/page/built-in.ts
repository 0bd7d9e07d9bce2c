/** The built-in maintenance page: one file, no script, no outside request, readable in light and dark. */
export function builtInPage(page: {
  title: string;
  message: string;
  reason: string;
  /** ISO 8601, UTC; null: not known. */
  until: string | null;
}): string {
  const title = escapeHtml(page.title);
  const paragraphs = [
    page.message && `<p>${escapeHtml(page.message)}</p>`,
    page.reason && `<p>Reason: ${escapeHtml(page.reason)}</p>`,
    page.until &&
      `<p>Expected back: <time datetime="${page.until}">${page.until.replace("T", " ").slice(0, 16)} UTC</time></p>`,
  ].filter(Boolean);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.75rem; line-height: 1.25; }
</style>
</head>
<body>
<main>
<h1>${title}</h1>
${paragraphs.map((paragraph) => `${paragraph}\n`).join("")}<p><a href="">Try again</a></p>
</main>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
