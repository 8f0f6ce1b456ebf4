/** Writes the pages of reference, as `rondo help TOPIC` has them, into core/contract/reference/. */
import { renderTopicFile } from "../core/app/reference/pages.ts";
import { renderPageMarkdown } from "../core/frontends/cli/page.ts";
import { referenceTopic, TOPICS } from "../core/frontends/cli/topics.ts";
import { buildToolsPage } from "./reference_tools.ts";

export const REFERENCE = new URL(
  "../core/contract/reference/",
  import.meta.url,
);

if (import.meta.main) await writeReference();

/** Makes every page what the tables say now. */
export async function writeReference(): Promise<void> {
  for (const [name, text] of Object.entries(await loadReference())) {
    await Deno.writeTextFile(new URL(name, REFERENCE), text);
  }
}

/** The pages as they must be, by the names of their files. */
export async function loadReference(): Promise<Record<string, string>> {
  const topics = Object.keys(TOPICS).flatMap((name) =>
    referenceTopic([name]) ?? []
  );
  const texts: [string, string][] = [
    ...topics.map((topic): [string, string] => [topic, renderTopicFile(topic)]),
    ["tools", renderPageMarkdown(buildToolsPage())],
  ];
  const pages = await Promise.all(texts.map(async ([name, text]) => {
    const head = "<!-- Generated: deno task test:update -->\n\n";
    return [`${name}.md`, await format(`${head}${text}`)] as const;
  }));
  return Object.fromEntries(pages);
}

async function format(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { stdout, success } = await child.output();
  if (!success) throw new Error("deno fmt refused a page");
  return new TextDecoder().decode(stdout);
}
