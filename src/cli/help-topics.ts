/** What `fence help` tells of besides the commands. */
export const HELP_TOPICS = ["exit-codes", "environment"] as const;
export type HelpTopic = (typeof HELP_TOPICS)[number];
