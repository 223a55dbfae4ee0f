import { proxySinks, type Sinks, type WorkflowInterceptors } from '@temporalio/workflow';

/** How an execution ended: a replay compares the kind of a command, not what it carries. */
export interface EndSinks extends Sinks {
  end: { continuedAsNew(carried: unknown): void };
}

const { end } = proxySinks<EndSinks>();

/** Reports what is handed to continue-as-new; loaded into the workflow bundle of the replay tests. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      continueAsNew: (input, next) => {
        end.continuedAsNew(input.args[0]);
        return next(input);
      },
    },
  ],
});
