/** What commands of random lives do to a folder. */
import fc from "fast-check";

const FOLDERS = ["", "a/", "a/b/", "c/", "c/d e/", "-x/"];
const FILES = ["t0", "t1", "t2.txt", "t 3", "ü"];
export const PATH = fc.tuple(
  fc.constantFrom(...FOLDERS),
  fc.constantFrom(...FILES),
)
  .map(([folder, file]) => `./${folder}${file}`);
const FOLDER = fc.constantFrom(...FOLDERS.slice(1)).map((one) => `./${one}`);
const ANY = fc.oneof(PATH, FOLDER);
// What the one who looks afterwards may still read, whoever runs this.
const MODE = fc.constantFrom("u=rwX,go=", "u=rwX,go=rX", "a-w", "a+x", "g+s");

/** One thing that a program does to the folder. */
export const LINE: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(PATH, fc.nat(99)).map(([path, n]) =>
    `mkdir -p "$(dirname "${path}")"; echo ${n} > "${path}"`
  ),
  fc.tuple(PATH, fc.nat(99)).map(([path, n]) => `echo ${n} >> "${path}"`),
  PATH.map((path) => `sed -i s/1/one/ "${path}"`),
  PATH.map((path) => `head -c 70000 /dev/zero > "${path}"`),
  ANY.map((path) => `rm -rf "${path}"`),
  fc.constant("rm -rf ./a ./c"),
  FOLDER.map((path) => `mkdir -p "${path}"`),
  FOLDER.map((path) => `rmdir "${path}"`),
  fc.tuple(ANY, MODE).map(([path, mode]) => `chmod ${mode} "${path}"`),
  fc.tuple(ANY, ANY).map(([from, to]) => `mv -f "${from}" "${to}"`),
  fc.tuple(ANY, ANY).map(([from, to]) => `cp -r "${from}" "${to}"`),
  fc.tuple(ANY, PATH).map(([to, path]) => `ln -sfn "${to}" "${path}"`),
  fc.tuple(PATH, PATH).map(([from, to]) => `ln -f "${from}" "${to}"`),
  PATH.map((path) => `touch "${path}"`),
  PATH.map((path) => `: > "${path}"`),
  fc.constant("find . -name 't*' -type f -not -name 'mine*' -delete"),
  fc.constant("find . -type f -name 't*' -exec sed -i 's/^/x/' {} +"),
);
