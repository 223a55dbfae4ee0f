/** Never part of the code, whatever the rules say: git's own data and ours. */
const ownNames = new Set(['.git', '.runctl']);

export const isOwnName = (name: string): boolean => ownNames.has(name);

/** Whether a path leads into such a folder. */
export const isOwnPath = (name: string): boolean => name.split('/').some(isOwnName);
