/** The page of a workflow in Temporal's Web UI; null when nobody knows where that is. */
export function runUrl(
  webUiUrl: string | null,
  namespace: string,
  workflowId: string,
): string | null {
  if (webUiUrl === null) return null;
  return `${webUiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
