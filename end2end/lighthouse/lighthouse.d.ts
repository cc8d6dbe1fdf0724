// What is used of it; it is installed by `make lighthouse` alone, and the types are checked without it.
declare module "lighthouse" {
  interface Flags {
    port: number;
    logLevel: "error";
    onlyCategories: string[];
    extraHeaders?: Record<string, string>;
    disableStorageReset: boolean;
  }

  interface Category {
    /** 0 to 1; none when it could not be measured. */
    score: number | null;
    auditRefs: { id: string; weight: number }[];
  }

  interface Audit {
    title: string;
    score: number | null;
    displayValue?: string;
  }

  interface Outcome {
    lhr: { categories: Record<string, Category>; audits: Record<string, Audit> };
  }

  /** Looks at a page as on a slow phone: its default. */
  export default function lighthouse(url: string, flags: Flags): Promise<Outcome | undefined>;
}
