type Attributes = Readonly<Record<string, string | number | boolean | EventListener | undefined>>;

/**
 * Makes an element. Strings among the children are shown as text, never read as HTML.
 *
 * @param attributes a function is called at the event of that name; true sets an attribute, false and undefined leave
 *   it out
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** A picture of psp's own making, in which every text is escaped (`svg.ts`). */
export function svgElement(svg: string): SVGSVGElement {
  const template = document.createElement('template');
  template.innerHTML = svg;
  return template.content.querySelector('svg')!;
}

export function swatch(svg: string): SVGSVGElement {
  const picture = svgElement(svg);
  picture.setAttribute('aria-hidden', 'true');
  picture.removeAttribute('role');
  return picture;
}
