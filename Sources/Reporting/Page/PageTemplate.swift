/// The page's templates, in Mustache; in the program, so that one file is all that is installed.
enum PageTemplate {
  static let all: [(name: String, text: String)] = [
    ("page", page), ("block", block), ("table", table), ("figure", figure),
  ]

  private static let page = """
    <!doctype html>
    <html lang="en" data-figures="{{figureCount}}">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="{{policy}}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <title>{{title}}</title>
    <style>{{{style}}}</style>
    </head>
    <body>
    <header>
    <h1><bdi>{{title}}</bdi></h1>
    <p class="subtitle"><bdi>{{subtitle}}</bdi></p>
    <dl class="highlights">
    {{#highlights}}<div><dt>{{label}}</dt><dd><bdi>{{value}}</bdi></dd></div>
    {{/highlights}}
    </dl>
    {{#notices}}<p class="notice"><bdi>{{.}}</bdi></p>
    {{/notices}}
    </header>
    <nav aria-label="Sections"><ol>
    {{#sections}}<li><a href="#{{id}}">{{title}}</a></li>
    {{/sections}}
    </ol></nav>
    <main>
    {{#sections}}
    <section id="{{id}}">
    <h2><span class="ordinal">{{number}}</span> {{title}}</h2>
    <p class="lead">{{lead}}</p>
    {{#blocks}}{{>block}}{{/blocks}}
    </section>
    {{/sections}}
    </main>
    <footer><p><bdi>{{colophon}}</bdi></p></footer>
    {{#hasBundle}}<script type="module">{{{bundle}}}</script>
    <script type="module">{{{script}}}</script>
    {{/hasBundle}}
    </body>
    </html>

    """

  private static let block = """
    {{#paragraph}}<p><bdi>{{paragraph}}</bdi></p>
    {{/paragraph}}
    {{#list}}<ul>{{#items}}<li><bdi>{{.}}</bdi></li>
    {{/items}}</ul>
    {{/list}}
    {{#notice}}<p class="notice"><bdi>{{notice}}</bdi></p>
    {{/notice}}
    {{#heading}}<h3><bdi>{{heading}}</bdi></h3>
    {{/heading}}
    {{#source}}<details><summary>{{title}}</summary><pre tabindex="0"><bdi>{{text}}</bdi></pre></details>
    {{/source}}
    {{#table}}{{>table}}
    {{/table}}
    {{#figure}}{{>figure}}
    {{/figure}}
    {{#folded}}<details><summary><bdi>{{title}}</bdi></summary>
    {{#blocks}}{{>block}}{{/blocks}}
    </details>
    {{/folded}}

    """

  private static let table = """
    <div class="table" tabindex="0"><table>
    {{#title}}<caption><bdi>{{text}}</bdi></caption>
    {{/title}}<thead><tr>{{#head}}<th scope="col" class="{{class}}"><bdi>{{text}}</bdi></th>{{/head}}</tr></thead>
    <tbody>
    {{#rows}}<tr>{{#cells}}{{#key}}<th scope="row" class="{{class}}"><bdi>{{text}}</bdi></th>{{/key}}{{#value}}<td class="{{class}}"><bdi>{{text}}</bdi></td>{{/value}}{{/cells}}</tr>
    {{/rows}}</tbody></table></div>
    {{#notes}}<p class="note"><bdi>{{.}}</bdi></p>
    {{/notes}}
    """

  private static let figure = """
    <figure id="figure-{{id}}">
    <h4>Figure {{number}}. <bdi>{{title}}</bdi></h4>
    <div class="drawing" data-state="waiting" role="img" aria-label="{{title}}"></div>
    <figcaption><bdi>{{caption}}</bdi></figcaption>
    <p class="downloads" hidden></p>
    <script type="application/json">{{{json}}}</script>
    </figure>
    """
}
