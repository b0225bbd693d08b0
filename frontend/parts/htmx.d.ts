declare module "htmx.org/dist/htmx.esm.js" {
  const htmx: {
    config: { includeIndicatorStyles: boolean; allowEval: boolean; selfRequestsOnly: boolean; historyCacheSize: number };
    process(element: Element): void;
  };
  export default htmx;
}
