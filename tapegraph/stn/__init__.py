"""State transition networks: small networks that learn how a solver changes a state in one sample, and replace it.

    state[n] = known + gates . network(inputs),    (inputs, gates, known) = what is known of state[n-1] and x[n]

A system is an object that knows a solver and the inputs that a network gets from it. Its file is in the folder
`_systems` of a package of nodes, has the name of the system, and contains one class with

    NAME       name of the system, that of its file
    FEATURES   name of what `transition` computes; another name once inputs or gates change their meaning
    PARAMS     Param declarations of the settings that reach the equations, with their full ranges
    AXES       names of the parameters over which a bank is laid out, two or fewer
    STATES     number of values in a state
    LEARNED    how many of them, the first ones, the network predicts; the others are known exactly
    INPUTS     number of inputs of the network
    OUTPUTS    number of its outputs
    PEAK       largest input sample to train on; full scale is 1
    NODE       kind of the node that runs the system
    SOLVED     parameters of that node with which it only solves the equations
    PREDICTED  parameters with which it runs the network; the parameter `model` names the weights
    REPORTED   values of every parameter, by name, at which errors are reported; those of AXES in the same order

    step(state, x, fs, setting)
        Return the next state of the solver, (rows, STATES). state: (rows, STATES), zeros at rest; x: (rows,), the
        input sample; fs: (rows,), sample rate, Hz; setting: a dict of every parameter, (rows,) each. Rows are
        independent of one another.
    transition(state, x, fs, setting)
        Return inputs (rows, INPUTS), of the order of 1; gates (rows, LEARNED, OUTPUTS), by which outputs are multiplied
        before they add to the state; known (rows, STATES), what the next state is without the network; and weights
        (rows,), one over the error that is as bad in this row as 1 in another, 0 for rows that must not be learned.

Where the state changes by something times the rate of the input, the rate belongs into the gates: what is small then
stays exact, and a resting input leaves the state alone. Symmetries belong into inputs and gates too.

A system needs no base class and imports nothing from here: nodes stay free of the trainer.
Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019; J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, for tape.
"""
