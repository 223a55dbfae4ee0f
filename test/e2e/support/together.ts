/**
 * Starts playing all stories, so many at a time, and returns their ends in the same order: a run mostly waits, so a file of
 * stories takes hardly longer than its longest. Each test awaits its own story.
 */
export function playTogether<Story, End>(
  stories: readonly Story[],
  atOnce: number,
  play: (story: Story) => Promise<End>,
): readonly Promise<End>[] {
  const lanes: Promise<unknown>[] = Array.from({ length: atOnce }, () => Promise.resolve());
  return stories.map((story, index) => {
    const lane = index % atOnce;
    const end = (lanes[lane] ?? Promise.resolve()).then(() => play(story));
    // The test that awaits the story reports its failure; the next story in the lane is not its business.
    lanes[lane] = end.catch(() => undefined);
    return end;
  });
}
