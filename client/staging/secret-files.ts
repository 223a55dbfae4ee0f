import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** What a name tells, from the last part of a path; the first that matches counts. All without regard to case. */
const byName: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(^|\/)\.env$/, 'environment variables'],
  // Those that say that they are for copying hold no values.
  [/(^|\/)\.env\.(?!(example|sample|template|dist)$)[^/]+$/, 'environment variables'],
  [/(^|\/)\.envrc$/, 'environment variables'],
  [/\.pem$/, 'a key or certificate'],
  [/\.key$/, 'a key'],
  [/\.(p12|pfx|jks|keystore)$/, 'a store of keys'],
  [/(^|\/)id_(rsa|dsa|ecdsa|ed25519)[^/]*$/, 'an SSH key'],
  [/(^|\/)(\.?credentials|credentials\.(json|ya?ml|toml|ini|csv))$/, 'credentials'],
  [/(^|\/)\.(aws|ssh|gnupg)\/.+$/, 'credentials'],
  [/(^|\/)(\.netrc|_netrc|\.git-credentials|\.pgpass|\.htpasswd)$/, 'passwords'],
  [/(^|\/)(\.vault-token|\.kube\/config|kubeconfig)$/, 'credentials'],
];

/** Files that are ordinary unless there is a secret in them. */
const byNameAndContent: readonly (readonly [pattern: RegExp, content: RegExp, what: string])[] = [
  [/(^|\/)\.npmrc$/, /^[^#;\n]*(_authToken|_auth|_password)\s*=\s*(?!\$\{)\S/m, 'an npm token'],
  [/(^|\/)\.pypirc$/, /^\s*password\s*[:=]\s*\S/m, 'a PyPI token'],
  [/(^|\/)(\.docker\/config|\.dockercfg)(\.json)?$/, /"auth"\s*:\s*"[^"]+"/, 'registry logins'],
  [/\.json$/, /"type"\s*:\s*"service_account"[^]*"private_key"/, 'a service account'],
  [/\.json$/, /"private_key"\s*:[^]*"type"\s*:\s*"service_account"/, 'a service account'],
];

const privateKey = /^\s*-----BEGIN ([A-Z]+ )*PRIVATE KEY( BLOCK)?-----/;

/** A service account's file has about 2,400 bytes; what is longer than this is data. */
const examinedBytes = 16 * 1024;

/** What kind of secret a file looks like, as a phrase; null for an ordinary one. Looks at its name and its beginning. */
export async function describeSecret(root: string, name: string): Promise<string | null> {
  const folded = name.toLowerCase();
  const named = byName.find(([pattern]) => pattern.test(folded));
  if (named !== undefined) return named[1];
  const content = await readBeginning(path.join(root, name));
  if (content === null) return null;
  if (privateKey.test(content)) return 'a private key';
  const found = byNameAndContent.find(
    ([pattern, secret]) => pattern.test(folded) && secret.test(content),
  );
  return found === undefined ? null : found[2];
}

/** Null for a link, whose target is looked at where it lies, and for what cannot be read, which packing will report. */
async function readBeginning(file: string): Promise<string | null> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const buffer = Buffer.alloc(examinedBytes);
      const { bytesRead } = await handle.read(buffer, 0, examinedBytes, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}
