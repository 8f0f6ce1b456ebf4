/** Pictures and what a provider takes of them, against the built program: named by what the user sees. */
import assert from "node:assert/strict";
import { sniffImage } from "../../core/util/image.ts";
import { bigPng, plainPng } from "../support/big_png.ts";
import { call, fail, say } from "../support/mock_script.ts";
import type { MockRequest } from "../support/mock_model.ts";
import { WIDE_PICTURES } from "../support/wide_pictures.ts";
import { eventsOf, type Stage, stage } from "./support.ts";

function picturesIn({ text }: MockRequest): string[] {
  return [...text.matchAll(/data:image\/\w+;base64,[^"]*/g)].map(([url]) =>
    url
  );
}

function sizeOf(url = ""): string {
  const facts = sniffImage(Uint8Array.fromBase64(url.split(",")[1] ?? ""));
  return `${facts?.type} ${facts?.width}x${facts?.height}`;
}

async function put(
  { home }: Stage,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${home.work}/${name}`, bytes);
  }
}

Deno.test("a picture that is larger than providers take is sent smaller, whatever its kind and its way in", async () => {
  await using s = await stage({
    script: [call("view_image", { path: "wide.webp" }), say("seen")],
  });
  await put(s, {
    "wide.png": plainPng(3_000, 600),
    "small.png": plainPng(30, 20),
    "wide.gif": Uint8Array.fromBase64(WIDE_PICTURES.gif),
    "wide.webp": Uint8Array.fromBase64(WIDE_PICTURES.webp),
  });
  const args = ["-i", "wide.png", "-i", "small.png", "-i", "wide.gif"];
  const run = await s.json("look", { args });
  assert.equal(run.code, 0, run.stdout);
  assert.deepEqual(picturesIn(s.model.request(1)).map(sizeOf), [
    "image/jpeg 2048x410",
    "image/png 30x20",
    "image/jpeg 2048x1",
    "image/jpeg 2048x1",
  ]);
  assert.deepEqual(eventsOf(run, "warning"), []);
});

Deno.test("a provider's own limits for pictures are kept", async () => {
  await using s = await stage({
    config: { provider: "image_max_side = 100" },
    script: [say("seen")],
  });
  await put(s, { "a.png": plainPng(300, 200) });
  assert.equal((await s.json("look", { args: ["-i", "a.png"] })).code, 0);
  assert.deepEqual(picturesIn(s.model.request(0)).map(sizeOf), [
    "image/jpeg 100x67",
  ]);
});

Deno.test("a small file with the size of a house is not decoded: a sentence stands for it, and the run goes on", async () => {
  await using s = await stage({
    script: [call("view_image", { path: "bomb.png" }), say("I see none")],
  });
  await put(s, { "bomb.png": plainPng(50_000, 50_000, 10) });
  const run = await s.json("look", { args: ["-i", "bomb.png"] });
  assert.equal(run.code, 0, run.stdout);
  const { text } = s.model.request(1);
  assert.equal(text.split("50000x50000 pixels are more than").length, 3);
  assert.deepEqual(picturesIn(s.model.request(1)), []);
  assert.match(JSON.stringify(eventsOf(run, "warning")), /50000x50000/);
});

Deno.test("a damaged picture that would have to be made smaller is left out with a sentence", async () => {
  await using s = await stage({
    config: { provider: "image_max_bytes = 100000" },
    script: [say("I see none")],
  });
  await put(s, { "a.png": bigPng(200_000) });
  const run = await s.json("look", { args: ["-i", "a.png"] });
  assert.equal(run.code, 0, run.stdout);
  assert.match(s.model.request(0).text, /A picture is left out: /);
  assert.deepEqual(picturesIn(s.model.request(0)), []);
});

Deno.test("more pictures, or more bytes of them, than a request may have: the older half is left out before it is sent", async () => {
  for (
    const limit of ["request_max_images = 3", "request_max_bytes = 150000"]
  ) {
    const looks = [1, 2, 3, 4].map(() => call("view_image", { path: "a.png" }));
    await using s = await stage({
      laws: { except: ["prefix"] },
      config: { provider: limit },
      script: () => looks.shift() ?? say("seen"),
    });
    await put(s, { "a.png": bigPng(30_000) });
    const run = await s.json("look");
    assert.equal(run.code, 0, run.stdout);
    const counts = s.model.requests.map((one) => picturesIn(one).length);
    assert.deepEqual(counts, [0, 1, 2, 3, 2], limit);
    const warnings = JSON.stringify(eventsOf(run, "warning"));
    assert.match(warnings, /The 2 oldest pictures are left out from now on/);
  }
});

Deno.test("a picture over the limit of a body is replaced once by a sentence, here and in a resumed session", async () => {
  await using s = await stage({
    laws: { except: ["prefix"] },
    script: (request) =>
      request.text.length > 100_000
        ? fail(413, { error: { message: "Request Entity Too Large" } })
        : say("I see none"),
  });
  await put(s, { "a.png": bigPng(100_000) });
  const run = await s.json("look", { args: ["-i", "a.png"] });
  assert.equal(run.code, 0, run.stdout);
  assert.equal(s.model.requests.length, 2);
  assert.match(JSON.stringify(run.events), /Request Entity Too Large/);
  const next = await s.json("on", { command: ["resume", "--last"] });
  assert.equal(next.code, 0, next.stdout);
  assert.equal(s.model.requests.length, 3);
  assert.match(s.model.request(2).text, /A picture was here/);
});
