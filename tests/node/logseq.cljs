(ns logseq
  "Runs Logseq queries on Datascript, Logseq's database, with sci, the interpreter of their :view and :result-transform.

  One JSON request a line on stdin, one JSON answer a line on stdout. A request: {pages: [{title, properties, text}],
  journals: {title: 20260101}, today: 20260620, queries: [{kind: simple|advanced, source}]}; a property that refers to
  pages is {refs: [title]}. How inputs resolve and what page-property means follows Logseq OG 0.10."
  (:require [cljs.reader :as reader]
            [clojure.string :as string]
            [datascript.core :as d]
            ["readline$default" :as readline]))

(intern 'user 'parseFloat js/parseFloat) ; what Logseq adds to the language

;; database

(def schema {:block/name {:db/unique :db.unique/identity}
             :block/page {:db/valueType :db.type/ref}
             :block/refs {:db/valueType :db.type/ref :db/cardinality :db.cardinality/many}})

(defn page-id [title] [:block/name (string/lower-case title)])

(defn named [title more] (merge {:block/name (string/lower-case title) :block/original-name title} more))

(defn linked [properties] (mapcat :refs (filter map? (vals properties))))

(defn read-value [value] (if (map? value) (set (:refs value)) value))

(defn database [pages journals]
  (let [journal (for [[title day] journals] (named (subs (str title) 1) {:block/journal-day day}))
        refs (for [page pages name (linked (:properties page))] {:block/name (string/lower-case name)})
        page (for [{:keys [title properties]} pages]
               (named title (when (seq properties) {:block/properties (update-vals properties read-value)})))
        first-blocks (for [{:keys [title properties text]} pages]
                       {:block/page (page-id title) :block/pre-block? true :block/content text
                        :block/refs (vec (map page-id (linked properties)))})]
    (-> (d/empty-db schema) (d/db-with (concat journal refs page)) (d/db-with first-blocks))))

;; queries

(def rules
  '[[(page-property ?p ?key ?wanted) [?p :block/properties ?all] [(get ?all ?key) ?v] [(= ?v ?wanted)]]
    [(page-property ?p ?key ?wanted) [?p :block/properties ?all] [(get ?all ?key) ?v] [(contains? ?v ?wanted)]]])

(defn day-after [today days]
  (let [at (js/Date. (js/Date.UTC (quot today 10000) (dec (rem (quot today 100) 100)) (+ (rem today 100) days)))]
    (js/parseInt (string/replace (subs (.toISOString at) 0 10) "-" "") 10)))

(defn input [today value]
  (let [[_ days] (when (keyword? value) (re-find #"^([+-]\d+)d$" (name value)))]
    (cond days (day-after today (js/parseInt days 10))
          (= value :today) today
          (vector? value) (vec (concat value rules))
          :else value)))

(defn with-rules
  "The query and its inputs, with the built-in rules as Logseq adds them."
  [{:keys [query inputs]}]
  (let [[before after] (split-with #(not= % :where) query)
        before (if (some #{:in} before) before (concat before [:in '$]))]
    (if (some #{'%} before)
      [(vec (concat before after)) inputs]
      [(vec (concat before ['%] after)) (conj (vec inputs) [])])))

(defn row [page] (assoc (:block/properties page) "page" (:block/original-name page)))

(defn advanced [db today source]
  (let [query (reader/read-string source)
        [form inputs] (with-rules query)
        found (flatten (seq (apply d/q form db (map #(input today %) inputs))))
        shown (if-let [f (:result-transform query)] ((eval f) found) found)]
    {:title (:title query)
     :found (keep :block/original-name found)
     :groups (when (map? shown) (for [[k rows] shown] [k (map :block/original-name rows)]))
     :rows (when-not (map? shown) (map row shown))
     :view (when (and (:view query) (seq shown)) (pr-str ((eval (:view query)) shown)))}))

(defn clause [[op & parts]]
  (case op
    and (cons 'and (map clause parts))
    or (cons 'or-join (cons '[?p] (map clause parts)))
    not (list 'not-join '[?p] (clause (first parts)))
    page-property (let [[key wanted] parts
                        page (when (string? wanted) (second (re-matches #"\[\[(.*)\]\]" wanted)))]
                    (list 'page-property '?p (keyword key) (or page wanted)))))

(defn simple [db source]
  (let [form (reader/read-string (string/replace source #"\[\[(.*?)\]\]" "\"[[$1]]\""))
        where (if (= 'and (first form)) (map clause (rest form)) [(clause form)])
        found (map first (d/q (vec (concat '[:find (pull ?p [*]) :in $ % :where] where)) db rules))]
    {:found (map :block/original-name found) :rows (map row found)}))

(defn run [db today {:keys [kind source]}]
  (try (if (= kind "simple") (simple db source) (advanced db today source))
       (catch :default error {:error (str (.-message error))})))

(defn plain [value]
  (cond (set? value) {:refs (vec (sort value))}
        (map? value) (update-vals value plain)
        (coll? value) (mapv plain value)
        :else value))

(.on (.createInterface readline #js {:input js/process.stdin}) "line"
     (fn [line]
       (let [{:keys [pages journals today queries]} (js->clj (js/JSON.parse line) :keywordize-keys true)
             db (database pages journals)]
         (println (js/JSON.stringify (clj->js (plain (mapv #(run db today %) queries))))))))
