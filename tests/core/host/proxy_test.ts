/** Which addresses a proxy stands before, in all forms people write that in. */
import assert from "node:assert/strict";
import { proxyFor } from "../../../core/host/proxy.ts";

const PROXY = "http://proxy:3128";

function proxied(url: string, env: Readonly<Record<string, string>>): boolean {
  return proxyFor(url, (name) => env[name]) !== undefined;
}

Deno.test("proxyFor() never puts a proxy before this machine itself", () => {
  for (
    const host of [
      "localhost:11434",
      "LOCALHOST",
      "api.localhost",
      "127.0.0.1:8080",
      "127.9.9.9",
      "[::1]:1234",
      "[::ffff:127.0.0.1]",
      "0.0.0.0:8000",
    ]
  ) {
    for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) {
      assert.equal(
        proxied(`http://${host}/v1`, { [name]: PROXY }),
        false,
        host,
      );
    }
  }
  assert.equal(proxied("http://10.0.0.1/v1", { HTTP_PROXY: PROXY }), true);
  assert.equal(proxied("http://notlocalhost/", { HTTP_PROXY: PROXY }), true);
  assert.equal(proxyFor("http://127.0.0.1/", () => undefined, PROXY), PROXY);
});

Deno.test("proxyFor() reads the variable of the protocol, then the one for all", () => {
  const env = { HTTPS_PROXY: "http://s", all_proxy: "a:1", HTTP_PROXY: "" };
  const of = (url: string): string | undefined =>
    proxyFor(url, (name) => ({ ...env })[name as keyof typeof env]);
  assert.equal(of("https://h/"), "http://s");
  assert.equal(of("http://h/"), "http://a:1");
});

Deno.test("proxyFor() takes NO_PROXY in every form", () => {
  const excepted: readonly [string, string][] = [
    ["*", "https://api.example.com/v1"],
    ["example.com", "https://example.com/"],
    ["example.com", "https://api.example.com/"],
    [".example.com", "https://api.example.com/"],
    [".example.com", "https://example.com/"],
    ["*.example.com", "https://api.example.com/"],
    ["EXAMPLE.com", "https://Api.Example.COM/"],
    ["other, example.com", "https://example.com/"],
    ["other example.com", "https://example.com/"],
    ["example.com:443", "https://example.com/"],
    ["example.com:8443", "https://example.com:8443/"],
    ["https://example.com", "https://example.com/"],
    ["example.com.", "https://example.com/"],
    ["10.0.0.0/8", "http://10.1.2.3:8000/"],
    ["192.168.1.7", "http://192.168.1.7/"],
    ["192.168.1.7:8000", "http://192.168.1.7:8000/"],
    ["fd00::/8", "http://[fd12::1]:8000/"],
    ["[fd12::1]", "http://[fd12::1]:8000/"],
    ["[fd12::1]:8000", "http://[fd12::1]:8000/"],
  ];
  for (const [list, url] of excepted) {
    for (const name of ["NO_PROXY", "no_proxy"]) {
      const env = { ALL_PROXY: PROXY, [name]: list };
      assert.equal(proxied(url, env), false, `${list} ${url}`);
    }
    assert.equal(proxied(url, { ALL_PROXY: PROXY }), true, url);
    const own = proxyFor(url, (name) => name === "NO_PROXY" ? list : "", PROXY);
    assert.equal(own, undefined);
  }
  const others: readonly [string, string][] = [
    ["", "https://example.com/"],
    ["example.com", "https://notexample.com/"],
    ["example.com:8443", "https://example.com/"],
    ["10.0.0.0/8", "http://11.0.0.1/"],
    ["10.0.0.0/33", "http://10.0.0.1/"],
    ["10.0.0.0/8", "http://example.com/"],
    ["fd00::/8", "http://10.0.0.1/"],
    [".", "https://example.com/"],
    [",,", "https://example.com/"],
  ];
  for (const [list, url] of others) {
    assert.equal(
      proxied(url, { ALL_PROXY: PROXY, NO_PROXY: list }),
      true,
      `${list} ${url}`,
    );
  }
});
