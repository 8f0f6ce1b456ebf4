/** What is mounted where (proc(5)). Pure. */

/** File systems that wait for another machine or another program. */
const DISTANT =
  /^(9p|afs|autofs|ceph|cifs|coda|fuse|gfs2|glusterfs|gpfs|lustre|ncpfs|nfs|ocfs2|smb|virtiofs)/;
/** Where they are mounted on every desktop, with nothing a session looks at. */
const ASIDE = /^\/(proc|run\/user|sys)\//;

/** Whether a table of mounts names a disk that may take long (proc(5)). */
export function hasDistant(mounts: string): boolean {
  return mounts.split("\n").some((line) => {
    const [, place = "", kind = ""] = line.split(" ");
    return DISTANT.test(kind) && !ASIDE.test(place);
  });
}
