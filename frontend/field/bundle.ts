// What the server gives a worker to take along.
export type Labels = Record<string, string>;

export interface Field {
  name: string;
  label: Labels;
  type: string;
  values: Record<string, Labels>;
  required: boolean;
}

export interface Outcome {
  key: string;
  label: Labels;
  photos: number;
  fields: Field[];
}

export interface Picture {
  file: string;
  when: "before" | "after";
}

export interface Task {
  id: string;
  seen: number;
  case: string;
  number: string;
  title: string;
  stage: Labels;
  due_at: string | null;
  overdue: boolean;
  text: string;
  place: string;
  category: Labels;
  outcomes: Outcome[];
  pictures: Picture[];
}

export interface Bundle {
  account: string;
  name: string;
  now: string;
  tasks: Task[];
  categories: { kind: string; code: string; group: Labels; label: Labels }[];
  cells: { code: string; label: Labels }[];
}

export interface Session {
  account: string;
  name: string;
  csrf: string;
}
