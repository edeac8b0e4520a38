/** What the run viewer and the page share: a head with one link for each view, and the view that the address names. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const inAddress = <View extends string>(views: readonly [View, ...View[]]): View =>
  views.find((view) => location.hash === `#${view}`) ?? views[0];

/** The view that the address names; the first one where it names none. */
export function useView<View extends string>(views: readonly [View, ...View[]]): View {
  const [view, setView] = useState<View>(() => inAddress(views));
  useEffect(() => {
    const follow = (): void => setView(inAddress(views));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [views]);
  return view;
}

interface HeadProps {
  /** The command, behind `rcsd`. */
  readonly name: string;
  readonly views: readonly string[];
  readonly view: string;
  /** What stands behind the links. */
  readonly children?: ComponentChildren;
}

export const Head = ({ name, views, view, children }: HeadProps) => (
  <header class="top">
    <h1>
      rcsd <span>{name}</span>
    </h1>
    <nav aria-label="Views">
      {views.map((own) => (
        <a key={own} href={`#${own}`} aria-current={own === view ? 'page' : undefined}>
          {own[0]?.toUpperCase()}
          {own.slice(1)}
        </a>
      ))}
    </nav>
    {children}
  </header>
);
