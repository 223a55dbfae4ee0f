import { settingRows, settingsText } from '../output/settings-text';
import { TrainingClient } from '../training-client';
import type { Invocation } from './command-context';
import { tellSettings } from './tell-settings';

/** Connects for one command, says which cloud it talks to, and closes in the end. */
export async function withClient<Result>(
  { context, options, console }: Invocation<object>,
  run: (client: TrainingClient) => Promise<Result>,
): Promise<Result> {
  const client = await TrainingClient.connect({
    ...context,
    settings: { cloud: options.cloud },
  });
  try {
    const { environment } = client;
    tellSettings(console, environment);
    console.say(`Cloud: ${environment.cloudDescription}`);
    if (options.verbose === true) {
      console.say(settingsText(settingRows(environment.settings, environment.places)));
    }
    return await run(client);
  } finally {
    await client.close();
  }
}
