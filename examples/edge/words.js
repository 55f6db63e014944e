/** What the page says, in English and in Japanese. */

const english = {
  title: 'Monban at the edge',
  record: 'The record',
  missing: 'Leave out what is not known.',
  example: 'Fill in an example',
  ask: 'Decide',
  clear: 'Clear',
  loading: (come, all) => `Loading the model: ${come} of ${all}`,
  starting: 'Starting the experts ...',
  waiting: 'Fill in the record and press "Decide". Everything is computed in this browser.',
  answer: 'Answer',
  spread: (value) => `standard deviation ${value}`,
  interval: (share, low, high) => `${share} between ${low} and ${high}`,
  asked: 'Who was asked',
  nobody: 'Nobody could be asked: this is what training records say in general.',
  weight: (share) => `weight ${share}`,
  notAsked: 'not asked',
  cannot: 'lacks its fields',
  says: (value) => `says ${value}`,
  runnerUp: (name, margin) => `Runner-up: ${name}, ${margin} behind in score.`,
  why: 'Why',
  route: (first, second) => `Fields that moved the route: + towards ${first}, − towards ${second}`,
  moved: 'Fields that moved the answer',
  flip: (changes, route, value) =>
    `With ${changes}, ${route} would be asked, and the answer would be ${value}.`,
  leftOut: (field) => `${field} left out`,
  changed: (field, to) => `${field} = ${to}`,
  noFlip: (tried) => `None of ${tried} changes of one or two fields would send it elsewhere.`,
  and: ' and ',
  explaining: 'Explaining ...',
  took: (total) => `${total} ms for this decision`,
  stages: ({ encode, gate, experts, pool }) =>
    `encoding ${encode}, gate ${gate}, experts ${experts}, pool ${pool}`,
  loaded: (model, runtime) => `Loaded: model ${model}, runtime and page ${runtime}`,
  bundle: (id) => `Bundle ${id}`,
  local: 'No record leaves this device.',
};

const japanese = {
  title: 'エッジで動く Monban',
  record: 'レコード',
  missing: '分からない項目は空のままで構いません。',
  example: '例を入力',
  ask: '判定する',
  clear: 'クリア',
  loading: (come, all) => `モデルを読み込み中: ${come} / ${all}`,
  starting: 'エキスパートを起動しています ...',
  waiting:
    'レコードを入力して「判定する」を押してください。計算はすべてこのブラウザの中で行われます。',
  answer: '答え',
  spread: (value) => `標準偏差 ${value}`,
  interval: (share, low, high) => `${share} の確率で ${low} 〜 ${high}`,
  asked: '問い合わせたエキスパート',
  nobody: '問い合わせられるエキスパートがいません。学習データ全体の傾向を答えます。',
  weight: (share) => `重み ${share}`,
  notAsked: '問い合わせなし',
  cannot: '必要な項目なし',
  says: (value) => `単独の答え: ${value}`,
  runnerUp: (name, margin) => `次点: ${name}（スコア差 ${margin}）`,
  why: '理由',
  route: (first, second) => `経路を動かした項目: ＋ は ${first} 寄り、− は ${second} 寄り`,
  moved: '答えを動かした項目',
  flip: (changes, route, value) =>
    `${changes} なら ${route} に問い合わせ、答えは ${value} になります。`,
  leftOut: (field) => `${field} がない`,
  changed: (field, to) => `${field} = ${to}`,
  noFlip: (tried) => `1〜2 項目の変更 ${tried} 通りでは、経路は変わりません。`,
  and: '、',
  explaining: '説明を計算しています ...',
  took: (total) => `この判定に ${total} ミリ秒`,
  stages: ({ encode, gate, experts, pool }) =>
    `符号化 ${encode}、ゲート ${gate}、エキスパート ${experts}、統合 ${pool}`,
  loaded: (model, runtime) => `読み込み量: モデル ${model}、ランタイムとページ ${runtime}`,
  bundle: (id) => `バンドル ${id}`,
  local: 'レコードはこの端末の外に出ません。',
};

export const words = { en: english, ja: japanese };

/** The language of the address (`?lang=ja`), or else the browser's. */
export function firstLanguage() {
  const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
  return asked.startsWith('ja') ? 'ja' : 'en';
}
